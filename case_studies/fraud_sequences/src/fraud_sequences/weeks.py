"""The scores of the chosen run by scored week: index, alerts, and what the alerts found.

    python -m fraud_sequences monitor

Weeks before the seal have labels. Of the tested weeks scores are read alone until they are opened.
"""

from typing import Any

import numpy as np
import pandas as pd
from proofolio import evidence, scoring, table
from proofolio import project as projects
from proofolio.contract import Layout, Result, Run
from proofolio_torch.events import monitor

KEPT = 0.7  # of the reference's precision and share of frauds alerted: below it, look
ALERTS = (0.5, 2.0)  # of the budget, above the threshold that gave the budget in the reference


def scores(
    layout: Layout, author: projects.Project, run: Run, told: dict[str, Any], *, sealed: bool
) -> Result:
    """Return index, alerts and, where labels are open, what the alerts found, by scored week."""
    weeks = scored(layout, run, sealed=sealed)
    first, *later = sorted(set(weeks["fold"]))
    reference, budget = weeks[weeks["fold"] == first], int(author.decision.target)
    score, y = reference["score"].to_numpy(), reference["y"].to_numpy()
    day = reference["day"].to_numpy()
    threshold = monitor.threshold_for(day, score, budget)
    alerted = monitor.daily_alerts(day, score, budget)
    limits = monitor.Limits(
        precision=KEPT * float(y[alerted].mean()),
        found=KEPT * float(y[alerted].sum() / y.sum()),
        alerts=(ALERTS[0] * budget, ALERTS[1] * budget),
        delay_days=author.primary_split.delay_days,
    )
    watch = monitor.Watch({}, score, limits, threshold)
    rows = [_week(weeks[weeks["fold"] == fold], watch, budget) for fold in (first, *later)]
    rows[0] |= {"psi": None, "signs": "the reference"}
    return Result(
        table=rows,
        method="population stability index of stored scores against the oldest scored week; each "
        "week has a model of its own, trained a week later than the one before",
        n=len(weeks),
        inputs={"runs": [run.id], "part": "val"},
        parameters={
            "rows": "scores",
            "columns": list(rows[0]),
            "limit": limits.psi,
            "kept": KEPT,
            "precision_limit": limits.precision,
            "found_limit": limits.found,
            "alerts_limits": list(limits.alerts),
            "threshold": threshold,
            "budget": budget,
        },
        **told,
    )


def scored(layout: Layout, run: Run, *, sealed: bool) -> pd.DataFrame:
    """Return fold, day and score of every event that `run` scored, and y where labels are open."""
    stored = evidence.predictions(layout, run)
    examples = table.read_examples(layout)
    bare = examples[["id", "unit", "cluster", "label", "time"]]
    column = f"p_{run.positive_class}" if f"p_{run.positive_class}" in stored else "score"
    found = []
    for part in ("val", "test"):
        rows = scoring.unlabelled(stored, bare, part)
        kept = rows[["fold"]].assign(part=part, score=rows[column].astype(float))
        kept["day"] = rows["time"].to_numpy().astype("datetime64[D]")
        closed = sealed and part == "test"
        kept["y"] = np.nan if closed else scoring.join_run(run, stored, examples, part).y
        found.append(kept)
    return pd.concat(found, ignore_index=True)


def _week(own: pd.DataFrame, watch: monitor.Watch, budget: int) -> dict[str, Any]:
    """Return one scored week: what was measured of it, when it was known, and what fired."""
    day, score, y = (own[c].to_numpy() for c in ("day", "score", "y"))
    days = np.unique(day).astype("datetime64[D]")
    end = str(days.max() + 1)
    alerted = monitor.daily_alerts(day, score, budget)
    signs = list(watch.period({}, score, end=end, days=len(days)))
    labelled = [] if np.isnan(y).any() else list(watch.labelled(y, alerted, end=end))
    value = {sign.kind: sign.value for sign in (*signs, *labelled)}
    fired = [sign.what for sign in (*signs, *labelled) if sign.fired]
    late = np.datetime64(end) + np.timedelta64(watch.limits.delay_days, "D")
    return {
        "what": f"week from {days.min()}",
        "n": len(own),
        "psi": value[monitor.PSI],
        "alerts_per_day": value[monitor.ALERTS],
        "known_at": end,
        "precision": value.get(monitor.PRECISION),
        "found": value.get(monitor.FOUND),
        "labels_known_at": str(late),
        "signs": ", ".join(fired) or "none",
    }
