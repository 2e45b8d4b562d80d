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
        days, bad = kept[0].rows["day"], kept[0].rows[kept[0].y == 1]
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
    {name: {column: unit or unit2, slice, value}}, what may be compromised, where slice and value
    are named by frauds of that value alone (absent: units, unit2 if any); and the draws'. Each
    fold's scored window stands alone, and frauds before it are ignored: the first fraud of an
    entity there starts the clock. Rows: entity, budget, n (entities with a
    fraud in a window, each window for itself), n_units (distinct), frauds, then the measures of
    `metrics.detection_delay` with their intervals, which resample that entity and hold fixed which
    events were alerted. `value` is the first row's share alerted.

    Raises:
        RunError: The run scores images; an entity is no column; no positive event.
    """
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    part = scoring.join_run(run, stored, examples, inputs["part"])
    _demand_days(run, part, "a delay of detection")
    usual = {column: {"column": column} for column in ENTITIES if column in part.rows}
    entities, budgets = parameters.get("entities", usual), parameters["budgets"]
    _demand_entities(part, entities, budgets)
    rows = []
    for size in budgets:
        alerted = metrics.alerted(part.rounds.day, part.stored, size)
        for name, asked in sorted(entities.items()):  # as JSON keeps them
            named, y = part.rows[asked["column"]].to_numpy(), _of_value(part, asked)
            own = (part.rows["time"].to_numpy(), named, y, alerted)
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


def _of_value(part: scoring.Joined, asked: Inputs) -> np.ndarray:
    """Return (n,) 1 for a positive event of the slice value that is asked for, if one is."""
    if "slice" not in asked:
        return part.y
    wanted = asked["value"] if isinstance(asked["value"], list) else [asked["value"]]
    return part.y * slices.values(part.rows, asked["slice"]).isin(map(str, wanted)).to_numpy()


def _demand_entities(part: scoring.Joined, entities: Inputs, budgets: list[int]) -> None:
    usable = [column for column in ENTITIES if column in part.rows]
    keys = ({"column"}, {"column", "slice", "value"})
    fit = all(set(e) in keys and e["column"] in usable for e in entities.values())
    empty = [name for name, e in entities.items() if fit and not _of_value(part, e).any()]
    if not (fit and entities and budgets and min(budgets) > 0) or empty:
        raise RunError(
            "the delay of detection cannot be computed",
            expected="budgets of 1 or more; entities {name: {column: unit or unit2}}, which may "
            "name slice and value, each with a positive event",
            received=f"budgets {budgets}, entities {entities}"
            + (f", none of {', '.join(empty)}" if empty else ""),
            remedy=slices.REMEDY,
        )


def _demand_days(run: Run, data: scoring.Joined, what: str) -> None:
    if data.rounds is None:
        raise RunError(
            f"{what} needs days",
            expected="a project of kind events",
            received=f"run {run.id} on examples without days",
            remedy="leave this result out",
        )
