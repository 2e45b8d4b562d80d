"""Has something moved? Inputs by month and scores by week against a reference.

    python -m fraud_sequences monitor

Inputs: every payment of a month against June, the month of which the first folds learnt most.
Scores: those that the chosen run stored, each scored week against the oldest. Before the test set
is opened, no label from its first day on is used: such labels are taken out of the table before
features are made, inputs that rest on labels are left out of the months they would reach, and of
the tested weeks scores are read alone.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from proofolio import evidence, splits, table
from proofolio import project as projects
from proofolio.contract import Layout, Result, Run, RunError
from proofolio.evidence import standing
from proofolio_torch import stability

from fraud_sequences import features, weeks

KIND = "stability"
REFERENCE = "2018-06"
RISK = "risk"  # in the names of inputs that rest on labels


def record(root: Path, how: str) -> list[Result]:
    """Measure both tables and store them: results/stability_inputs.json, stability_scores.json."""
    layout, author = Layout(root), projects.load(root)
    led = standing.leader(layout, author)
    if led is None:
        raise RunError("no run is finished", remedy="run the step train first")
    run, hardware = led[0], evidence.environment(root)["cpu"]
    told = {"kind": KIND, "how": how, "hardware": hardware}
    sealed = sealed_from(layout, run) is not None
    results = {
        "stability_inputs": inputs(layout, author, run, told),
        "stability_scores": weeks.scores(layout, author, run, told, sealed=sealed),
    }
    for name, result in results.items():
        evidence.results.write(layout, name, result)
    return list(results.values())


def inputs(layout: Layout, author: projects.Project, run: Run, told: dict[str, Any]) -> Result:
    """Return the index of every input of `run` for each whole month of the table."""
    seal = sealed_from(layout, run)
    rows = open_labels(table.read(layout), seal)
    spec = author.primary_split
    known = {"delay": spec.delay_days, "positive": author.positive_class}
    names, values = features.features(rows, days=run.config["days"], **known)
    month = rows["time"].to_numpy().astype("datetime64[M]").astype(str)
    blind = np.datetime64(seal) + np.timedelta64(spec.delay_days, "D") if seal else None
    references = dict(zip(names, _references(values[month == REFERENCE]), strict=True))
    found: dict[str, dict[str, Any]] = {name: {"what": name} for name in names}
    ends: dict[str, str] = {}
    for period in sorted(set(month) - {REFERENCE}):
        own, end = values[month == period], np.datetime64(period, "M") + 1
        ends[period] = str(end.astype("datetime64[D]"))
        for name, column in zip(names, own.T, strict=True):
            hidden = RISK in name and blind is not None and end.astype("datetime64[D]") > blind
            found[name][period] = None if hidden else references[name].psi(column)
    for name, row in found.items():
        row["by_chance"] = references[name].by_chance(int((month == REFERENCE).sum()))
    return Result(
        table=list(found.values()),
        method=f"population stability index over {stability.BINS} bins of the reference month",
        n=len(rows),
        inputs={"runs": [run.id], "part": "val", "reference": REFERENCE},
        parameters={
            "rows": "inputs",
            "columns": ["what", *ends, "by_chance"],
            "limit": stability.CHANGED,
            "floor": stability.FLOOR,
            "known": ends,
            "labels_used_until": str(seal or "the last day"),
        },
        **told,
    )


def sealed_from(layout: Layout, run: Run) -> str | None:
    """Return the first day whose labels nobody may look at; None once test is opened for `run`."""
    if "test" in run.metrics and evidence.accesses(layout):
        return None
    shape = splits.windows(layout, run.split)
    tested = shape[(shape["role"] == "test") & (shape["part"] == "score")]
    return str(tested["start"].min())


def open_labels(rows: pd.DataFrame, seal: str | None) -> pd.DataFrame:
    """Return the events with the labels before the seal alone; others are missing."""
    if seal is None:
        return rows
    closed = rows["time"] >= pd.Timestamp(seal)
    kept = rows.drop(columns=[c for c in rows if c.startswith("slice_")])
    return kept.assign(label=rows["label"].mask(closed))


def _references(values: np.ndarray) -> list[stability.Reference]:
    return [stability.Reference.of(column) for column in values.T]
