"""The audit of events: does anything learn from later on, who is scored, and is the amount enough?

Units stand in many folds by design; what may not happen is that the future reaches the past. Only
windows and scored validation events are read, never the labels of a test fold.
"""

import numpy as np
import pandas as pd

from proofolio import metrics, splits
from proofolio.audit import thresholds
from proofolio.audit.leaks import ON_PURPOSE, verdict
from proofolio.contract import Finding, Layout, SplitInfo


def findings(
    layout: Layout, table: pd.DataFrame, info: SplitInfo, positive_class: str
) -> list[Finding]:
    """Return the findings of one split of events.

    Args:
        layout: The project's paths; the split must be recorded.
        table: The prepared table.
        info: The split.
        positive_class: The label of interest.
    """
    windows, members = splits.windows(layout, info.name), splits.read(layout, info.name)
    val = table[table["id"].isin(members.loc[members["part"] == "val", "id"])]
    return [
        _time_order(windows, info),
        _label_shares(windows, info),
        _new_units(info),
        _amount_alone(val, info, positive_class),
    ]


def _time_order(windows: pd.DataFrame, info: SplitInfo) -> Finding:
    begins, ends = (windows[c].to_numpy(dtype="datetime64[D]") for c in ("start", "end"))
    same = windows["fold"].to_numpy()[1:] == windows["fold"].to_numpy()[:-1]
    score, test = windows["part"] == "score", windows["role"] == "test"
    wrong = int((same & (ends[:-1] > begins[1:])).sum())
    wrong += int((ends[score & ~test] > begins[score & test].min()).sum())
    status = verdict(info, wrong > 0)
    said = (
        f"{wrong} window(s) begin before what they follow is over, among "
        f"{windows['fold'].nunique()} folds of a training, a delay and a scored window; validation "
        "is over before the first tested day."
    )
    return Finding(
        check="time_order",
        split=info.name,
        status=status,
        statistic=wrong,
        threshold=thresholds.NONE_ALLOWED,
        n=len(windows),
        explanation=said + (ON_PURPOSE if status == "warn" else ""),
    )


def _label_shares(windows: pd.DataFrame, info: SplitInfo) -> Finding:
    """Report how the share of positives moves between training windows."""
    learnt = windows[windows["part"] == "train"]
    shares = (learnt["n_positive"] / learnt["n_examples"]).to_numpy()
    spread = float(shares.max() - shares.min())
    drifted = spread > thresholds.DRIFT_SHARE
    return Finding(
        check="balance_drift",
        split=info.name,
        status="warn" if drifted else "pass",
        statistic=round(spread, 6),
        threshold=thresholds.DRIFT_SHARE,
        n=int(learnt["n_examples"].sum()),
        explanation="The share of positives in training windows runs from "
        f"{shares.min():.4f} to {shares.max():.4f}.",
    )


def _new_units(info: SplitInfo) -> Finding:
    shares = list(info.balance.get("new_units", {}).values())
    top = max(shares, default=0.0)
    return Finding(
        check="new_units",
        split=info.name,
        status="pass",
        statistic=round(top, 6),
        n=len(shares),
        explanation=f"In a scored window at most {top:.1%} of the units are absent from the "
        "training window; they are scored like any other.",
    )


def _amount_alone(val: pd.DataFrame, info: SplitInfo, positive_class: str) -> Finding:
    """Judge whether the amount alone ranks the events of validation; large or small, per side."""
    common = {"check": "shortcut_amount", "split": info.name}
    if "amount" not in val:
        said = "The events have no amounts."
        return Finding(status="not_applicable", explanation=said, **common)
    y = (val["label"] == positive_class).to_numpy().astype(np.int64)
    drawn = {"resamples": thresholds.SHORTCUT_RESAMPLES, "seed": thresholds.AUDIT_SEED}
    second = val["unit2"].to_numpy() if "unit2" in val else None
    found = metrics.interval(
        "auroc", y, val["amount"].to_numpy(), val["unit"].to_numpy(), second=second, **drawn
    )
    loud = found.ci_low is not None and found.ci_low > thresholds.SHORTCUT_AUROC
    told = "undefined" if found.value is None else f"{found.value:.3f}"
    return Finding(
        status="warn" if loud else "pass",
        statistic=found.value,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        threshold=thresholds.SHORTCUT_AUROC,
        n=found.n,
        explanation=f"The amount alone ranks the scored validation events with AUROC {told}."
        + (" Say in the results what remains without it." if loud else ""),
        **common,
    )
