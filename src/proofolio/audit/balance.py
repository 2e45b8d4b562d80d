"""Balance: do parts differ in their label shares, and is any part or class too small to judge?"""

import numpy as np
import pandas as pd

from proofolio.audit import thresholds
from proofolio.audit.leaks import sides
from proofolio.contract import Finding, SplitInfo


def _placed(parts: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the used rows of the table, sorted by id, with their side."""
    placed = table.assign(side=table["id"].map(sides(parts)))
    return placed[placed["side"].notna()].sort_values("id", ignore_index=True)


def expected_sides(info: SplitInfo) -> list[str]:
    """Return the sides that a split must fill."""
    if info.strategy == "cross_validation":
        return [f"fold_{f}" for f in range(info.folds or 0)] + ["test"]
    return ["train", "val", "calib", "test"]


def drift(parts: pd.DataFrame, table: pd.DataFrame, info: SplitInfo, column: str) -> Finding:
    """Judge whether the shares of a column's levels differ between parts.

    Statistic: the largest difference of one level's share between two parts. It is tested against
    whole clusters dealt to the parts at random, since examples of one cluster are not independent.
    """
    placed = _placed(parts, table)
    side, side_names = pd.factorize(placed["side"], sort=True)
    level, names = pd.factorize(placed[column].astype(object).fillna("(missing)"), sort=True)
    group = pd.factorize(placed["cluster"].astype(object).astype(str) + "/" + placed["side"])[0]
    counts = np.zeros((group.max(initial=-1) + 1, len(names)))
    np.add.at(counts, (group, level), 1)
    home = np.zeros(len(counts), dtype=np.int64)
    home[group] = side
    spread = _spread(counts, home, len(side_names))
    observed = float(spread.max(initial=0))
    rng = np.random.default_rng(thresholds.AUDIT_SEED)
    chance = [
        _spread(counts, rng.permutation(home), len(side_names)).max(initial=0) >= observed - 1e-12
        for _ in range(thresholds.DRIFT_PERMUTATIONS)
    ]
    p = (1 + sum(chance)) / (1 + len(chance))
    drifted = observed > thresholds.DRIFT_SHARE and p < thresholds.DRIFT_P
    widest = names[int(np.argmax(spread))] if len(names) else "none"
    share = {
        str(s): f"{np.mean(level[side == k] == np.argmax(spread)):.3f}"
        for k, s in enumerate(side_names)
    }
    return Finding(
        check="balance_drift" if column == "label" else f"balance_drift_{column}",
        split=info.name,
        status="warn" if drifted else "pass",
        statistic=round(observed, 6),
        threshold=thresholds.DRIFT_SHARE,
        n=len(placed),
        explanation=f"The share of {column} {widest} differs most: "
        + ", ".join(f"{k} {v}" for k, v in share.items())
        + f"; clusters dealt at random differ as much with p = {p:.3f}."
        + (" Metrics bound to prevalence do not carry over between parts." if drifted else ""),
    )


def _spread(counts: np.ndarray, home: np.ndarray, n_sides: int) -> np.ndarray:
    """Return, per level, the largest minus the smallest share over the sides, shape (levels,)."""
    held = np.stack(
        [np.bincount(home, weights=column, minlength=n_sides) for column in counts.T], axis=1
    )
    shares = held / np.maximum(held.sum(axis=1, keepdims=True), 1)
    return np.ptp(shares, axis=0) if len(shares) else np.zeros(counts.shape[1])


def small_part(parts: pd.DataFrame, table: pd.DataFrame, info: SplitInfo) -> Finding:
    """Judge whether each part has units enough (statistic: units of the smallest part)."""
    placed = _placed(parts, table)
    units = placed.groupby("side")["unit"].nunique().reindex(expected_sides(info), fill_value=0)
    return _enough(
        "small_part", info, {str(k): int(v) for k, v in units.items()}, thresholds.PART_UNITS
    )


def small_class(
    parts: pd.DataFrame, table: pd.DataFrame, info: SplitInfo, classes: list[str]
) -> Finding:
    """Judge whether each class has units enough in each part (statistic: the smallest count)."""
    placed = _placed(parts, table)
    units = placed.groupby(["side", "label"])["unit"].nunique()
    counted = {
        f"{label} in {side}": int(units.get((side, label), 0))
        for side in expected_sides(info)
        for label in classes
    }
    return _enough("small_class", info, counted, thresholds.CLASS_UNITS)


def _enough(check: str, info: SplitInfo, units: dict[str, int], least: int) -> Finding:
    few = sorted((n, name) for name, n in units.items() if n < least)
    smallest = min(units.values())
    shown = ", ".join(f"{name} ({n})" for n, name in few[:5])
    more = f" and {len(few) - 5} more" if len(few) > 5 else ""
    said = (
        f"Fewer than {least} units: {shown}{more}. Intervals are wide and may be too narrow."
        if few
        else f"Every one has at least {least} units."
    )
    return Finding(
        check=check,
        split=info.name,
        status="fail" if smallest == 0 else "warn" if few else "pass",
        statistic=smallest,
        threshold=least,
        n=sum(units.values()),
        explanation=("Empty: " if smallest == 0 else "") + said,
    )
