"""Results about daily alerts on events: the ceiling of card precision, the delay of detection.

Builders as in `evidence.tables`.
"""

import numpy as np

from proofolio import metrics, scoring
from proofolio.contract import Layout, Result, Run, RunError
from proofolio.decisions.needs import with_interval
from proofolio.evidence import building, slices
from proofolio.evidence.building import Inputs
from proofolio.project import Project

ENTITIES = ("unit", "unit2")  # columns of the examples that may be compromised


def ceiling(layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs) -> Result:
    """Return the card precision that a perfect scorer reaches, the value, and its share of that.

    `inputs`: config, runs, part, metric (`card_precision_at_100`). The first row, slice "all", is
    the mean over folds; then each fold alone, with the days it scores. Columns: slice, days, n,
    n_units, n_positive_units (over folds a unit counts in each), ceiling, value and
    share_of_ceiling with their intervals; values are means over seeds. `value` is the share.

    Raises:
        RunError: The runs score images, or another metric is named.
    """
    runs = building.runs_of(layout, inputs["runs"])
    building.refuse_demonstration(layout, runs)
    data = building.joined(layout, runs, inputs["part"])
    _demand_days(runs[0], data[0], "a ceiling of card precision")
    if inputs["metric"] != metrics.CEILING_OF:
        raise RunError(
            "this metric has no ceiling below its best value",
            expected=metrics.CEILING_OF,
            received=inputs["metric"],
            remedy="leave metric out of this result in project.yaml",
        )
    folds = data[0].rounds.fold
    masks = {"all": np.ones(len(folds), dtype=bool)}
    masks |= {f"fold={fold}": folds == fold for fold in np.unique(folds)}
    rows, measured = [], {}
    for name, mask in masks.items():
        kept = [found.take(mask) for found in data]
        measured[name] = metrics.share_of_ceiling(
            kept[0].y, [k.stored for k in kept], **kept[0].judged, **building.drawn(parameters)
        )
        days, bad = kept[0].rounds.day, kept[0].rows[kept[0].y == 1]
        row = {"slice": name, "days": f"{days.min()} to {days.max()}"}
        row |= {"n": int(mask.sum()), "n_units": measured[name]["value"].n_units}
        row["n_positive_units"] = len(bad.drop_duplicates(["fold", "unit"]))
        for key, metric in measured[name].items():
            row |= with_interval(key, metric)
        rows.append(row)
    lead = building.row_of(measured["all"]["share_of_ceiling"])
    return building.result("ceiling", inputs, parameters, lead, rows)


def detection_delay(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return how soon the fraud of an entity is met by so many alerts a day.

    `inputs`: runs (one), part. `parameters`: budgets, alerts a day as of kind `budget`; entities
    {name: unit or unit2}, what may be compromised (absent: both); and the draws'. Each fold's scored window stands
    alone, and frauds before it are ignored: its first fraud of an entity starts the clock. Rows:
    entity, budget, n (entities with a fraud in a window, each window for itself), n_units
    (distinct), frauds, then the measures of `metrics.detection_delay` with their intervals, which
    resample that entity and hold fixed which events were alerted. `value` is the first row's share
    alerted.

    Raises:
        RunError: The run scores images; an entity is no column; no positive event.
    """
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    part = scoring.join_run(run, stored, examples, inputs["part"])
    _demand_days(run, part, "a delay of detection")
    usual = {column: column for column in ENTITIES if column in part.rows}
    entities, budgets = parameters.get("entities", usual), parameters["budgets"]
    unknown = [c for c in entities.values() if c not in ENTITIES or c not in part.rows]
    if unknown or not entities or not budgets or min(budgets) < 1 or not part.y.any():
        raise RunError(
            "the delay of detection cannot be computed",
            expected="budgets of 1 or more, entities {name: unit or unit2}, a positive event",
            received=f"budgets {budgets}, entities {entities}, {part.y.sum()} positive events",
            remedy=slices.REMEDY,
        )
    rows = []
    for size in budgets:
        alerted = metrics.alerted(part.rounds.day, part.stored, size)
        for name, column in entities.items():
            own = (part.rows["time"].to_numpy(), part.rows[column].to_numpy(), part.y, alerted)
            found = metrics.first_alerts(part.rounds.fold, *own)
            row = {"entity": name, "budget": size, "n": len(found.entity)}
            row |= {"n_units": len(np.unique(found.entity)), "frauds": int(found.frauds.sum())}
            for key, metric in metrics.detection_delay(found, **building.drawn(parameters)).items():
                row |= with_interval(key, metric)
                row.setdefault("method", metric.method)
            rows.append(row)
    lead = building.counted(part.rows, f"by entity: {rows[0]['method']}")
    lead |= {"level": parameters["level"], "value": rows[0]["alerted"]}
    lead |= {end: rows[0][f"alerted_{end}"] for end in ("ci_low", "ci_high")}
    for row in rows:
        del row["method"]
    return building.result("detection_delay", inputs, parameters, lead, rows)


def _demand_days(run: Run, data: scoring.Joined, what: str) -> None:
    if data.rounds is None:
        raise RunError(
            f"{what} needs days",
            expected="a project of kind events",
            received=f"run {run.id} on examples without days",
            remedy="leave this result out",
        )
