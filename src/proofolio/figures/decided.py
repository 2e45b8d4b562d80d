"""The figures of decisions, and of what carries over to test: from results and predictions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from proofolio import decisions
from proofolio.contract import Result, Run
from proofolio.figures import policies, transfer, words
from proofolio.figures.canvas import COLOURS, Drawing
from proofolio.figures.facts import Facts

if TYPE_CHECKING:
    from proofolio.scoring import Joined

_VALUES = 6  # of a slice that a figure has room for
_GROUPS = 14


def collect(facts: Facts) -> Iterator[Drawing]:
    """Yield decision_curve_, risk_coverage_ with the part, and once test is open the transfer.

    Of the chosen run, `calibration_transfer` and `score_shift`; of the best configuration of
    another rung the same with `_other` at the end.
    """
    for name, result in facts.results_of("decision_curve").items():
        yield from _worth(facts, name, result)
    for name, result in facts.results_of("risk_coverage").items():
        yield from _abstention(facts, name, result)
    if "test" in facts.parts:
        for run, end in ((facts.chosen, ""), (facts.rival_run, "_other")):
            if run is not None and {"calib", "test"} <= set(run.metrics):
                yield from _transfer(facts, run, end)


def _worth(facts: Facts, name: str, result: Result) -> Iterator[Drawing]:
    if not result.table:
        return
    run = facts.run_of(result)
    title = f"What a decision is worth: {_of(run, result)}"
    table = pd.DataFrame(result.table)
    bounds = [c for c in table if c.startswith("model_ci_")]
    table[bounds] = table[bounds].astype(float)
    yield policies.decision_curve(name, title, table, threshold=_threshold(run))


def _abstention(facts: Facts, name: str, result: Result) -> Iterator[Drawing]:
    part, run = str(result.inputs.get("part", "val")), facts.run_of(result)
    beside = [facts.deployed(config) for config in facts.compared]
    curves = {}
    for other in (run, *(r for r in beside if r is not None and part in r.metrics)):
        joined = _joined(facts, other, part) if other is not None else None
        if joined is not None and len(curves) < len(COLOURS):
            curves[other.name] = answered(other, joined)
    if not curves or run is None or run.name not in curves:
        return
    columns = ["coverage", "risk", "risk_ci_low", "risk_ci_high"]
    points = pd.DataFrame(result.table or [], columns=columns).astype(float)
    title = f"Risk of what is answered: {_of(run, result)}"
    yield policies.risk_coverage(name, title, curves, points.dropna(subset=["risk"]))


def answered(run: Run, joined: "Joined") -> pd.DataFrame:
    """Return coverage and risk at each distinct confidence, surest first.

    The decision is the run's; confidence is that of `decisions`, of a score its distance to the
    threshold.
    """
    p, threshold = joined.calibrated, _threshold(run)
    decided = p.argmax(axis=1) if run.positive_class is None else (p >= threshold).astype(int)
    confidence = abs(p - threshold) if joined.is_score else decisions.confidence(p, threshold)
    order = np.argsort(-confidence, kind="stable")
    last = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True))
    errors = np.cumsum((decided != joined.y)[order])[last]
    return pd.DataFrame({"coverage": (last + 1) / len(order), "risk": errors / (last + 1)})


def _joined(facts: Facts, run: Run, part: str) -> "Joined | None":
    """Return a run's part beside its labels; None where it decides or kept nothing."""
    from proofolio import evidence, scoring

    decides = run.positive_class is None or _threshold(run) is not None
    if run.predictions != "kept" or not decides:
        return None
    stored = evidence.predictions(facts.layout, run)
    return scoring.join_run(run, stored, facts.examples, part)


def _transfer(facts: Facts, run: Run, end: str) -> Iterator[Drawing]:
    data = {part: _joined(facts, run, part) for part in ("calib", "test")}
    if any(joined is None or joined.is_score for joined in data.values()):
        return
    shown = {part: hit_and_confidence(joined.y, joined.calibrated) for part, joined in data.items()}
    errors = {part: run.metrics[part].get("ece") for part in data}
    at = {"threshold": _threshold(run)}
    title = f"Reliability of {run.name} on the calibration part and on test"
    yield transfer.calibration_transfer(f"calibration_transfer{end}", title, shown, errors, **at)
    rows = pd.concat(
        [_grouped(run, joined, shown[part][1]).assign(part=part) for part, joined in data.items()],
        ignore_index=True,
    )
    rows = _fitting(rows).sort_values("group", kind="stable", ignore_index=True)
    of = "the class decided" if run.positive_class is None else run.positive_class
    title = f"Probabilities of {run.name} by slice, on the calibration part and on test"
    axis = f"calibrated probability\nof {words.shortened(of, 20)}"
    yield transfer.score_shift(f"score_shift{end}", title, rows, axis, **at)


def hit_and_confidence(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (hit, confidence): of the positive class for two, of the top class for more."""
    if p.ndim == 1:
        return y, p
    return (p.argmax(axis=1) == y).astype(int), p.max(axis=1)


def _grouped(run: Run, joined: "Joined", confidence: np.ndarray) -> pd.DataFrame:
    """Return slice, group and probability per row: once by class, once for each small slice."""
    rows = joined.rows
    binary = run.positive_class is not None
    label = rows["label"].astype(str) if binary else pd.Series("all", index=rows.index)
    frames = [pd.DataFrame({"slice": "", "group": label, "probability": confidence})]
    for column in sorted(c for c in rows if c.startswith("slice_")):
        values = rows[column].fillna("missing").astype(str)
        if values.nunique() <= _VALUES:
            group = label + ": " + values if binary else values
            frame = {"slice": column, "group": group, "probability": confidence}
            frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True)


def _fitting(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of as many slices as a figure has room for; by class where none fits."""
    kept: list[str] = []
    for name in sorted(set(rows["slice"]) - {""}):
        if rows.loc[rows["slice"].isin([*kept, name]), "group"].nunique() <= _GROUPS:
            kept.append(name)
    return rows[rows["slice"].isin(kept or [""])]


def _threshold(run: Run | None) -> float | None:
    return run.decision.threshold if run is not None and run.decision else None


def _of(run: Run | None, result: Result) -> str:
    part = words.part(str(result.inputs.get("part", "val")))
    return f"{run.name} on {part}" if run is not None else f"on {part}"
