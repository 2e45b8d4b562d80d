"""Why alerts were alerted, and whether the reasons name what the simulation planted.

    python -m fraud_sequences explain --config boosting

Alerts are the best-scored payments of each day of the newest validation week, as many as the team
looks at. A reason is a group of inputs and what it adds to the log-odds. Of each fraud the
simulation tells the cause, so it can be counted how often the largest reason is that cause.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from proofolio import evidence, files, table
from proofolio import project as projects
from proofolio.contract import Layout, Result, Run, RunError
from proofolio.evidence import results
from proofolio.project import Project
from proofolio_torch.events import reasons
from proofolio_torch.events.boosted import LOG_ODDS, Boosted

from fraud_sequences import again, evaluate, features, occlusion

CAUSE = {"amount": "amount", "terminal": "unit2_risk", "card": "unit_mean"}  # scenario: its group
SHOWN = 3  # reasons of an alert, as the service gives them


class Told(NamedTuple):
    """What each group adds to the log-odds, float64 (n, g); how that was found."""

    groups: list[str]
    changes: np.ndarray
    method: str
    parity: float  # largest difference of the alerts' probabilities from the recorded ones


def record(root: Path, config: str = "", top: int = 20) -> Result:
    """Print the reasons of the surest alerts, and write results/reasons_<configuration>.json.

    Raises:
        RunError: a rung without reasons, or a model that is not the recorded one or not here.
    """
    layout, author = Layout(root), projects.load(root)
    run = again.named(layout, author, config) if config else evaluate.chosen(root)
    if run.rung not in ("boosting", "gru"):
        raise RunError(f"no reasons are told for rung {run.rung}", expected="boosting or gru",
                       received=run.name, remedy="explain --config NAME")  # fmt: skip
    fold, budget = again.newest(layout, run, "val"), int(author.decision.target)
    alerts = alerted(layout, run, fold, budget)
    ask = occlusion.told if run.rung == "gru" else contributed
    told = Told(*ask(layout, author, run, fold, alerts))
    show(alerts, told, top)
    counted = rows(alerts, told)
    result = Result(
        kind="reasons",
        value=named_first(counted),
        table=counted,
        n=len(alerts),
        n_units=alerts["unit"].nunique(),
        method=told.method,
        inputs={"runs": [run.id], "part": "val", "fold": fold},
        parameters={"budget": budget, "cause": CAUSE, "shown": SHOWN, "parity": told.parity},
        how=" ".join(evidence.normalised_argv(sys.argv, root)),
        hardware=evidence.environment(root)["cpu"],
    )
    results.write(layout, f"reasons_{run.name}", result)
    print(f"explain: the cause is the largest reason of {result.value:.3f} of the frauds alerted")
    return result


def alerted(layout: Layout, run: Run, fold: int, budget: int) -> pd.DataFrame:
    """Return the `budget` best-scored payments of each day of a validation fold, with causes."""
    column = f"p_{run.positive_class}"
    scored = evidence.predictions(layout, run)
    scored = scored[(scored["part"] == "val") & (scored["fold"] == fold)]
    examples = table.with_days(table.read_examples(layout))[["id", "unit", "day", "slice_scenario"]]
    found = scored[["id", column]].merge(examples, on="id", validate="one_to_one")
    found = found.rename(columns={column: "p", "slice_scenario": "scenario"})
    found = found.sort_values(["day", "p", "id"], ascending=[True, False, True])
    return found.groupby("day").head(budget).reset_index(drop=True)


def contributed(
    layout: Layout, author: Project, run: Run, fold: int, alerts: pd.DataFrame
) -> tuple[Any, ...]:
    """Return what groups of features add, by the trees themselves; they are trained again."""
    stream = features.Stream(author, table.read(layout))
    study = again.study(layout, author, stream, run, fold)
    path = study.run.work / "explained.ubj"
    files.write_bytes(path, bytes(again.trees(study, run).get_booster().save_raw("ubj")))
    model = Boosted(path, calibration=run.calibration, threads=2)
    made = study.outcome(model.raw(study.inputs("scored")), None).predictions
    parity = again.compared("trees", layout, run, fold, made)["max_difference_top"]
    names, values = stream.features(run.config["days"])
    groups = reasons.groups(names)
    changes = model.contributions(values[stream.rows(alerts["id"])], groups)
    method = "contributions of the trees (TreeSHAP) to the calibrated log-odds, summed by group"
    return list(groups), changes, method, parity


def rows(alerts: pd.DataFrame, told: Told) -> list[dict[str, Any]]:
    """Return a row per scenario and one of all: how often a cause is named, a group is largest.

    A cause that is no group of the configuration's inputs is named never.
    """
    order = np.argsort(-told.changes, axis=1, kind="stable")[:, :SHOWN]
    above = np.take_along_axis(told.changes, order, axis=1) > 0
    found = []
    for scenario in ("none", *CAUSE, "all"):
        mine = ((alerts["scenario"] == scenario) | (scenario == "all")).to_numpy()
        cause = CAUSE.get(scenario)
        row = {"scenario": scenario, "n": int(mine.sum()), "cause": cause}
        row |= {"named_first": None, "named": None}
        if cause and mine.any():
            hit = ((np.array(told.groups)[order] == cause) & above)[mine]
            row |= {"named_first": float(hit[:, 0].mean()), "named": float(hit.any(axis=1).mean())}
        largest = np.bincount(order[mine & above[:, 0], 0], minlength=len(told.groups))
        found.append(row | dict(zip(told.groups, largest.tolist(), strict=True)))
    return found


def named_first(rows: list[dict[str, Any]]) -> float | None:
    """Return the share of the frauds alerted whose largest reason is their cause."""
    fraud = [row for row in rows if row["cause"] and row["n"]]
    number = sum(row["n"] for row in fraud)
    return sum(row["n"] * row["named_first"] for row in fraud) / number if number else None


def show(alerts: pd.DataFrame, told: Told, top: int) -> None:
    """Print the reasons of the `top` surest alerts."""
    for i in alerts["p"].nlargest(top).index:
        found = reasons.largest(told.changes[i], told.groups, SHOWN, unit=LOG_ODDS)
        why = ", ".join(f"{r.what} {r.change:+.2f}" for r in found)
        print(
            f"{alerts.loc[i, 'id']}  {alerts.loc[i, 'p']:.3f}  {alerts.loc[i, 'scenario']}: {why}"
        )
