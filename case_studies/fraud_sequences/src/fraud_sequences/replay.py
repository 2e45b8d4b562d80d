"""Is it worth training again each week? On recorded data: the chosen configuration, two ways.

    python -m fraud_sequences replay --only recorded

Weekly is what the chosen run stored: each validation week is scored by the model of its own fold.
Never is the model of the oldest fold, trained here again, scoring all validation weeks. No tested
week takes part.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from proofolio import evidence, metrics, scoring, table
from proofolio import project as projects
from proofolio.contract import Layout, Metric, ModelInfo, Result, Run, RunError
from proofolio.evidence import standing
from proofolio_torch.record import Companion
from proofolio_torch.stability import Reference

from fraud_sequences import events, features, models

KIND = "retraining"
NEVER, WEEKLY = "never", "weekly"


def record(root: Path, how: str) -> Result:
    """Train the oldest fold's model, compare, and store results/retraining_recorded.json."""
    layout, author = Layout(root), projects.load(root)
    led = standing.leader(layout, author)
    if led is None:
        raise RunError("no run is finished", remedy="run the step train first")
    run: Run = led[0]
    weekly = evidence.predictions(layout, run)
    weekly = weekly[weekly["part"] == "val"]
    never = oldest(layout, author, run, weekly)
    examples = table.read_examples(layout)
    joined = {
        name: scoring.join_run(run, stored, examples, "val")
        for name, stored in ((NEVER, never), (WEEKLY, weekly))
    }
    rows = compare(joined, int(author.decision.target), standing.drawn(author))
    whole = rows[-1]
    result = Result(
        kind=KIND,
        value=whole["difference"],
        ci_low=whole["difference_ci_low"],
        ci_high=whole["difference_ci_high"],
        table=rows,
        method="average precision and precision at the daily budget of one model for all weeks and "
        "of one trained each week, and differences on the same resamples, weekly less never; "
        "two-way cluster bootstrap percentile; the last row is the mean over weeks",
        n=len(weekly),
        n_units=int(joined[WEEKLY].rows["unit"].nunique()),
        inputs={"runs": [run.id], "part": "val"},
        parameters={"rows": "recorded", "columns": ["what", *_COLUMNS], **standing.drawn(author)},
        seed=standing.drawn(author)["seed"],
        level=standing.drawn(author)["level"],
        how=how,
        hardware=evidence.environment(root)["cpu"],
    )
    evidence.results.write(layout, "retraining_recorded", result)
    return result


class _Later(events.Study):
    """The oldest fold's training window, and the scored windows of all folds after it."""

    def outcome(
        self, scores: np.ndarray, model: ModelInfo, runtime: dict | None = None, *, by: str = ""
    ) -> events.Outcome:
        """Round the scores of each fold by themselves, as the recorded ones are."""
        made = super().outcome(scores, model, runtime, by=by)
        each = pd.Series(np.asarray(scores)).groupby(self.run.parts["fold"].to_numpy())
        made.predictions[made.predictions.columns[-1]] = each.transform(events.rounded)
        return made


def oldest(
    layout: Layout, author: projects.Project, run: Run, weekly: pd.DataFrame
) -> pd.DataFrame:
    """Return what the oldest fold's model, trained again, predicts of the rows of `weekly`."""
    apart = Companion(layout, author, run.name, run.seed, f"never-{run.id}")
    apart.config = run.config
    apart.work.mkdir(parents=True, exist_ok=True)
    apart.parts = weekly[["id", "part", "fold"]].sort_values(["fold", "id"], ignore_index=True)
    study = _Later(layout, author, features.Stream(author, table.read(layout)), apart)
    made = models.LADDER[run.rung](study).predictions
    return made.assign(fold=apart.parts["fold"].to_numpy())


_COLUMNS = ("never", "weekly", "difference", "never_precision", "weekly_precision")
_COLUMNS += ("precision_difference", "score_psi", "n")


def compare(
    joined: dict[str, scoring.Joined], budget: int, drawn: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return a row per scored week and one of all: both values and their difference.

    `score_psi`: how far the scores of the one model have moved from its first week.
    """
    whole = joined[WEEKLY]
    fold = whole.rows["fold"].to_numpy()
    first_week = Reference.of(joined[NEVER].stored[fold == fold.min()])
    rows = []
    for week in sorted(set(fold)):
        own = {name: side.take(fold == week) for name, side in joined.items()}
        first = whole.rows.loc[fold == week, "day"].min()
        row = _row(f"week from {first}", own, budget, drawn)
        rows.append(row | {"score_psi": first_week.psi(own[NEVER].stored)})
    return [*rows, _row("all weeks", joined, budget, drawn)]


def _row(
    what: str, sides: dict[str, scoring.Joined], budget: int, drawn: dict[str, Any]
) -> dict[str, Any]:
    one, name, scores = sides[WEEKLY], "average_precision", {n: s.stored for n, s in sides.items()}
    day, rows = one.rows["day"].to_numpy(), one.judged
    pair = (scores[WEEKLY], scores[NEVER])
    told = {"what": what, "n": len(one.y)}
    for side, own in scores.items():
        told[side] = metrics.fold_values([name], one.y, own, rows["clusters"], rows["rounds"])
        told[side] = float(np.mean(told[side][name]))
    told |= _entry("difference", metrics.paired_difference(name, one.y, *pair, **rows, **drawn))
    told |= _at_budget(one, day, scores, budget, drawn)
    return told


def _at_budget(
    one: scoring.Joined,
    day: np.ndarray,
    scores: dict[str, np.ndarray],
    budget: int,
    drawn: dict[str, Any],
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    few = drawn | {"resamples": 2}  # the values alone; the difference has the interval
    for side, own in scores.items():
        (found,) = metrics.alert_budgets(day, one.y, own, [budget], one.grouping["clusters"], **few)
        told[f"{side}_precision"] = found["precision"].value
    given = (day, one.y, scores[WEEKLY], scores[NEVER], budget)
    found = metrics.alert_precision_difference(*given, **one.grouping, **drawn)
    return told | _entry("precision_difference", found)


def _entry(name: str, found: Metric) -> dict[str, Any]:
    return {name: found.value, f"{name}_ci_low": found.ci_low, f"{name}_ci_high": found.ci_high}
