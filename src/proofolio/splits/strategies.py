"""How each strategy turns a table into part names, one function per strategy.

Every function takes the table sorted by id and returns one part name and one note per row.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from proofolio.contract import OOD, SplitError
from proofolio.project import SplitSpec
from proofolio.splits.allocate import allocate, encode
from proofolio.splits.checks import EVERY_PART, listed, require_clusters

NOTE_UNIT = "its unit also stands in the official test"
NOTE_LINK = "linked by shared duplicates to a unit of the official test"
NOTE_TWIN = "linked by shared duplicates to the official train, and both sides are left out"
NOTE_PUBLISHED = "excluded by the published membership"
NOTE_CLASS = "its label is none of the split's classes"
NOTE_CLASS_LINK = NOTE_CLASS + ", and it is linked to an example that has one"
NOTE_LATER = "its cluster also stands in a later part"
OFFICIAL = ("train", "test", "excluded")


class Assignment(NamedTuple):
    """Part name and note (why a row is excluded) of each row of the table, shapes (n,)."""

    part: np.ndarray
    note: np.ndarray


def group_column(spec: SplitSpec) -> str:
    """Return the column that may not be cut: `cluster`, but `id` in a demonstration by example.

    A demonstration split of strategy `stratified` or `cross_validation` shows what leakage does to
    a number: it deals out single examples on purpose.
    """
    able = spec.strategy in ("stratified", "cross_validation")
    return "id" if able and spec.purpose == "demonstration" else "cluster"


def balanced_columns(spec: SplitSpec) -> list[str]:
    """Return the columns to balance; `stratified` always balances the label."""
    extra = ["label"] if spec.strategy == "stratified" else []
    return list(dict.fromkeys([*extra, *spec.stratify_by]))


def known_classes(table: pd.DataFrame, spec: SplitSpec) -> np.ndarray:
    """Return, per row, whether its label is one of the split's classes (all of them by default)."""
    if spec.classes is None:
        return np.ones(len(table), dtype=bool)
    return table["label"].isin(spec.classes).to_numpy()


def foreign(table: pd.DataFrame, spec: SplitSpec, known: np.ndarray) -> Assignment:
    """Return part and note of rows whose label is none of the split's classes; read where ~known.

    `ood` where the published membership says test, apart from every example that has a class;
    otherwise excluded: nothing may be learnt from them.
    """
    part, note = (np.full(len(table), text, dtype=object) for text in ("excluded", NOTE_CLASS))
    if spec.strategy == "official":
        linked = _reaches(table["cluster"], known) | _reaches(table["unit"], known)
        published = table["official"].astype(object).to_numpy() == "test"
        note[published & linked] = NOTE_CLASS_LINK
        part[published & ~linked], note[published & ~linked] = OOD, ""
    return Assignment(part, note)


def grouped(table: pd.DataFrame, spec: SplitSpec, shares: dict[str, float]) -> Assignment:
    """`patient`, `grouped`, `stratified`: whole clusters, balanced by the columns asked for.

    The three share one engine. With one example per cluster, `stratified` is the plain stratified
    split; otherwise it too keeps examples that share a unit or duplicates together.
    """
    rows = encode(table, group_column(spec), balanced_columns(spec))
    require_clusters(len(rows.clusters), len(shares), spec)
    names = np.array(list(shares), dtype=object)
    part = allocate(rows, list(shares.values()), np.random.default_rng(spec.seed))
    return Assignment(names[part[rows.cluster]], _no_notes(table))


def official(table: pd.DataFrame, spec: SplitSpec, shares: dict[str, float]) -> Assignment:
    """The published test stays exactly as published; val and calib are carved from the rest."""
    part, note, free = _published(table, spec)
    carved = grouped(table[free], spec, shares)
    part[free] = carved.part
    return Assignment(part, note)


def _published(table: pd.DataFrame, spec: SplitSpec) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return part (test or excluded), note, and which rows the author is free to divide.

    Where a cluster has members on both sides (a patient or look-alikes cross), the test keeps its
    rows and those of the train side are excluded, with the reason as their note; with `crossing:
    both` the rows of the test side are excluded too.
    """
    published = table["official"].astype(object).to_numpy()
    strange = ~np.isin(published, OFFICIAL)
    if strange.any() or not {"train", "test"} <= set(published):
        raise SplitError(
            f"split {spec.name}: column official is not a published membership",
            expected="train, test (both present) or excluded in every row",
            received=listed(sorted({str(v) for v in published})),
            remedy="fill column official in data.py, or choose another strategy",
        )
    test, train = published == "test", published == "train"
    same_unit = _reaches(table["unit"], test)
    linked = _reaches(table["cluster"], test)
    twin = test & (_reaches(table["cluster"], train) | _reaches(table["unit"], train))
    twin &= spec.crossing == "both"
    part = np.where(test & ~twin, "test", "excluded").astype(object)
    note = np.select(
        [published == "excluded", train & same_unit, train & linked, twin],
        [NOTE_PUBLISHED, NOTE_UNIT, NOTE_LINK, NOTE_TWIN],
        "",
    ).astype(object)
    return part, note, train & ~linked & ~same_unit


def temporal(table: pd.DataFrame, spec: SplitSpec, shares: dict[str, float]) -> Assignment:
    """Cut the time line into train < val < calib < test, then keep clusters whole.

    Cuts fall between two different times, nearest to the wanted fractions of examples. A cluster
    that straddles a cut belongs to the latest part it reaches; its earlier rows are excluded, with
    a note. So evaluation parts stay whole, as the future brought them, and train gives way.

    Raises:
        SplitError: a time is missing, too few different times, or a part is left empty.
    """
    if table["time"].isna().any():
        raise SplitError(
            f"split {spec.name}: column time is empty in some rows",
            received=listed(table.loc[table["time"].isna(), "id"]),
            remedy="fill column time in data.py, or leave these rows out",
        )
    rank = pd.factorize(table["time"], sort=True)[0]
    reached = np.cumsum(np.bincount(rank))  # rows up to and including each different time
    wanted = np.cumsum([shares[p] for p in EVERY_PART])[:-1] * len(table)
    cuts = [int(np.argmin(np.abs(reached - w))) + 1 for w in wanted]
    window = np.searchsorted(cuts, rank, side="right")
    latest = pd.Series(window).groupby(table["cluster"].to_numpy()).transform("max").to_numpy()
    names = np.array(EVERY_PART, dtype=object)
    kept = window == latest
    part = np.where(kept, names[window], "excluded")
    empty = [p for p in EVERY_PART if not (part == p).any()]
    if empty:
        raise SplitError(
            f"split {spec.name}: time order leaves part(s) {', '.join(empty)} empty",
            expected="different times, and clusters that end before later parts begin",
            received=f"{len(reached)} different time(s), {(~kept).sum()} of {len(table)} rows in "
            "clusters that reach a later part",
            remedy="change the fractions, or use strategy patient",
        )
    return Assignment(part, np.where(kept, "", NOTE_LATER).astype(object))


def folds(
    table: pd.DataFrame, spec: SplitSpec, shares: dict[str, float]
) -> tuple[np.ndarray, Assignment]:
    """Return the fold in which each row is held out, -1 for none, and the parts of those apart.

    The final hold-out is drawn by `shares`, or it is the published test as `official` keeps it.
    """
    if spec.folds < 2:
        raise SplitError(
            f"split {spec.name}: {spec.folds} fold(s)",
            expected="at least 2 folds",
            remedy="set folds in project.yaml",
        )
    part, note, free = np.full(len(table), "test", dtype=object), _no_notes(table), slice(None)
    drawn = [shares["test"]] if "test" in shares else []
    if not drawn:
        part, note, free = _published(table, spec)
    rows = encode(table[free], group_column(spec), balanced_columns(spec))
    require_clusters(len(rows.clusters), spec.folds + len(drawn), spec)
    wanted = [*drawn, *[shares["train"] / spec.folds] * spec.folds]
    fold = np.full(len(table), -1)
    dealt = allocate(rows, wanted, np.random.default_rng(spec.seed))
    fold[free] = dealt[rows.cluster] - len(drawn)
    return fold, Assignment(part, note)


def _reaches(groups: pd.Series, rows: np.ndarray) -> np.ndarray:
    """Return, per row, whether its group has a member among `rows` (a mask)."""
    codes, names = pd.factorize(groups.astype(object))
    return np.bincount(codes[rows], minlength=len(names))[codes] > 0


def _no_notes(table: pd.DataFrame) -> np.ndarray:
    return np.full(len(table), "", dtype=object)
