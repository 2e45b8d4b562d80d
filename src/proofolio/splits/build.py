"""Make a split from a table: strategy, refusals, then what was achieved."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from proofolio import files
from proofolio import table as table_room
from proofolio.contract import IMAGE_PARTS, OOD, SplitInfo
from proofolio.project import PrequentialSpec, SplitSpec
from proofolio.splits import checks, prequential, strategies
from proofolio.splits.allocate import crossed
from proofolio.splits.text import parts_text


class Split(NamedTuple):
    """Membership and description of a split.

    `parts` has id, part, note sorted by id; for cross_validation id, fold, part sorted by id and
    fold, part being train or heldout, or test with fold -1; beside a published hold-out also
    excluded with fold -1, and a note that says why.
    """

    parts: pd.DataFrame
    info: SplitInfo


def make(
    table: pd.DataFrame, spec: SplitSpec | PrequentialSpec, *, positive_class: str | None = None
) -> Split | prequential.PrequentialSplit:
    """Split a table as `spec` asks; equal for every row order, file system and platform.

    Args:
        table: id, unit, cluster, label; official or time where the strategy reads it; the
            columns of `spec.stratify_by`.
        spec: strategy, fractions, seed; or the windows of events.
        positive_class: of events the label that compromises a unit.

    Raises:
        SplitError: fractions, columns, too few clusters, or a class that misses a part.
    """
    if isinstance(spec, PrequentialSpec):
        return prequential.make(table, spec, positive_class)
    shares = checks.fractions_of(spec)
    extra = {"official": ["official"], "temporal": ["time"]}.get(spec.strategy, [])
    if checks.published_holdout(spec):
        extra = ["official"]
    needed = ["id", "unit", "cluster", "label", *extra, *spec.stratify_by]
    checks.require_columns(table, spec, needed)
    table = table.sort_values("id", ignore_index=True)
    checks.require_clusters(table["cluster"].nunique(), len(shares), spec)
    if spec.strategy == "cross_validation":
        parts, sides = _cross_validation(table, spec, shares)
    else:
        parts, sides = _parts(table, spec, shares)
    info = SplitInfo(
        name=spec.name,
        strategy=spec.strategy,
        purpose=spec.purpose,
        unit=strategies.group_column(spec),
        stratify_by=strategies.balanced_columns(spec),
        seed=spec.seed,
        fractions=shares,
        rationale=spec.rationale,
        folds=spec.folds if spec.strategy == "cross_validation" else None,
        classes=spec.classes,
        achieved=_achieved(sides),
        balance=_balance(table, sides, strategies.balanced_columns(spec)),
        membership_sha256=table_room.membership_sha256(table),
        parts_sha256=files.sha256_text(parts_text(parts)),
    )
    checks.assert_disjoint(parts, table, info)
    return Split(parts, info)


def _parts(
    table: pd.DataFrame, spec: SplitSpec, shares: dict[str, float]
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows of `parts.csv`, and the side of each table row for the balance report."""
    strategy = {"official": strategies.official, "temporal": strategies.temporal}
    known = strategies.known_classes(table, spec)
    part, note = strategies.foreign(table, spec, known)
    divided = strategy.get(spec.strategy, strategies.grouped)(table[known], spec, shares)
    part[known], note[known] = divided
    used = ~np.isin(part, ["excluded", OOD])
    checks.require_classes(table[used], part[used], checks.EVERY_PART, spec)
    parts = pd.DataFrame({"id": table["id"], "part": part, "note": note})
    return parts, pd.Series(np.where(part == "excluded", "excluded: " + note, part))


def _cross_validation(
    table: pd.DataFrame, spec: SplitSpec, shares: dict[str, float]
) -> tuple[pd.DataFrame, pd.Series]:
    known = strategies.known_classes(table, spec)
    fold, apart = np.full(len(table), -1), strategies.foreign(table, spec, known)
    fold[known], divided = strategies.folds(table[known], spec, shares)
    apart.part[known], apart.note[known] = divided
    names = [f"fold_{f}" for f in range(spec.folds)]
    used = (fold >= 0) | (apart.part == "test")
    side = np.where(fold >= 0, np.array(names, dtype=object)[fold], apart.part)
    checks.require_classes(table[used], side[used], [*names, "test"], spec)
    # One row per fold for the examples that rotate, one row for those apart.
    repeats = np.where(fold >= 0, spec.folds, 1)
    own = np.repeat(fold, repeats)
    turn = np.arange(len(own)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    parts = pd.DataFrame(
        {
            "id": table["id"].to_numpy(dtype=object).repeat(repeats),
            "fold": np.where(own < 0, -1, turn),
            "part": np.where(own == turn, "heldout", "train"),
        }
    )
    parts["part"] = parts["part"].where(own >= 0, apart.part.repeat(repeats))
    if checks.published_holdout(spec) or spec.classes is not None:
        parts["note"] = apart.note.repeat(repeats)
    return parts, pd.Series(np.where(used, side, "excluded: " + apart.note))


def _achieved(sides: pd.Series) -> dict[str, float]:
    """Return the fraction of all examples that each part got, excluded ones together."""
    share = sides.str.replace(r"^excluded: .*", "excluded", regex=True)
    fractions = share.value_counts(normalize=True).to_dict()
    order = [p for p in IMAGE_PARTS if p in fractions]
    order += sorted(set(fractions) - set(order))
    return {str(part): round(float(fractions[part]), 6) for part in order}


def _balance(
    table: pd.DataFrame, sides: pd.Series, columns: list[str]
) -> dict[str, dict[str, float]]:
    """Return counts per part, and the share of each level of each balanced column per part.

    Keys: rows, units, clusters (counts, excluded rows by reason); `column=level` (shares).
    """
    side, names = pd.factorize(sides, sort=True)
    balance = {"rows": pd.Series(np.bincount(side), names)}
    for key, column in (("units", "unit"), ("clusters", "cluster")):
        code, found = pd.factorize(table[column])
        there = np.zeros((len(found), len(names)), dtype=bool)
        there[code, side] = True
        balance[key] = pd.Series(there.sum(axis=0), names)
    used = ~names.str.startswith("excluded: ")[side]
    for column in dict.fromkeys(["label", *columns]):
        counted = crossed(table[column][used], sides[used])
        balance |= {f"{column}={name}": row for name, row in (counted / counted.sum()).iterrows()}
    return {
        key: {str(part): round(float(value), 6) for part, value in sorted(row.items())}
        for key, row in balance.items()
    }
