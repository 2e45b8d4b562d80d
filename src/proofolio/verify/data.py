"""Hashes and counts of the data record, and rule 1: nothing shared between the parts of a split."""

from typing import TYPE_CHECKING

import numpy as np

from proofolio import duplicates, files, splits, table
from proofolio.contract import IMAGE_PARTS, OOD, LeakageError, SplitError
from proofolio.splits.strategies import NOTE_TWIN
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report

if TYPE_CHECKING:
    import pandas as pd

_AGAIN = "run the prepare step again"


def check(e: Evidence, report: Report) -> None:
    """Check table, duplicates, clusters and splits; fills `e.parts` with what may be relied on."""
    if e.dataset is None or e.examples is None:
        return
    _table(e, report)
    if e.hashes is not None:
        _contents(e, report)
        if e.duplicates is not None:
            _duplicates(e, report)
    _splits(e, report)


def _expect(report: Report, where: str, what: str, recorded: object, received: object) -> None:
    if recorded != received:
        text = f"{what} is recorded as {recorded}, the files give {received}"
        report.add("hashes", where, text, RESTORE)


def _table(e: Evidence, report: Report) -> None:
    examples, dataset = e.examples, e.dataset
    where = e.name(e.layout.dataset)
    if examples["id"].duplicated().any():
        twice = ", ".join(examples.loc[examples["id"].duplicated(), "id"].head(3))
        report.add("hashes", e.name(e.layout.examples), f"ids stand twice: {twice}", _AGAIN)
    membership = table.membership_sha256(examples)
    _expect(report, where, "membership_sha256", dataset.membership_sha256, membership)
    counted = {
        "n_examples": len(examples),
        "n_units": examples["unit"].nunique(),
        "n_clusters": examples["cluster"].nunique(),
        "label_counts": {str(k): int(v) for k, v in examples["label"].value_counts().items()},
    }
    for key, received in counted.items():
        _expect(report, where, key, getattr(dataset, key), received)


def _contents(e: Evidence, report: Report) -> None:
    where = e.name(e.layout.hashes)
    if set(e.hashes["id"]) != set(e.examples["id"]) or e.hashes["id"].duplicated().any():
        report.add("hashes", where, "its ids are not those of examples.parquet", _AGAIN)
    received = table.content_sha256(e.hashes)
    _expect(report, where, "content_sha256", e.dataset.content_sha256, received)


def _duplicates(e: Evidence, report: Report) -> None:
    """Every shared content is listed and joined; clusters hold whole units and whole pairs."""
    where = e.name(e.layout.duplicates)
    pairs, cluster = e.duplicates, e.examples.set_index("id")["cluster"]
    unknown = sorted({*pairs["a"], *pairs["b"]} - set(cluster.index))
    if unknown:
        report.add("hashes", where, f"unknown ids: {', '.join(unknown[:3])}", _AGAIN)
        return
    shared = e.hashes[e.hashes.duplicated("content", keep=False)]
    alone = e.hashes[["id"]].assign(unit=e.hashes["id"])
    exact = duplicates.clusters(alone, pairs[pairs["kind"] == "exact"])
    linked = shared.assign(chain=exact.loc[shared.index]).groupby("content")["chain"].nunique()
    for content in linked.index[linked > 1][:5]:
        ids = ", ".join(shared.loc[shared["content"] == content, "id"].head(3))
        report.add("1", where, f"copies of one content are not listed: {ids}", _AGAIN)
    expected = duplicates.clusters(e.examples[["id", "unit"]], pairs)
    coarse = e.examples.assign(expected=expected).groupby("expected")["cluster"].nunique()
    for name in coarse.index[coarse > 1][:5]:
        what = f"unit or duplicates of {name!r} stand in {coarse[name]} clusters"
        report.add("1", e.name(e.layout.examples), what, _AGAIN)
    _distances(e, report)


def _distances(e: Evidence, report: Report) -> None:
    """A near pair lies as far apart as its perceptual hashes say."""
    near = e.duplicates[e.duplicates["kind"] == "near"]
    perceptual = e.hashes.set_index("id")["perceptual"]
    for a, b, distance in zip(near["a"], near["b"], near["distance"].astype(int), strict=True):
        received = (int(perceptual[a], 16) ^ int(perceptual[b], 16)).bit_count()
        _expect(report, e.name(e.layout.duplicates), f"distance of {a}, {b}", distance, received)


def _splits(e: Evidence, report: Report) -> None:
    if not e.splits:
        report.note("no split is recorded yet")
    elif sum(s.purpose == "primary" for s in e.splits.values()) != 1:
        report.add("schema", "evidence/splits", "not exactly one split is primary", "name one")
    for name, info in e.splits.items():
        path = e.layout.split(name) / "parts.csv"
        where = e.name(path)
        if not path.is_file():
            report.add("schema", where, "the file is missing", RESTORE)
            continue
        received = files.sha256_file(path)
        _expect(report, where, "parts_sha256", info.parts_sha256, received)
        membership = e.dataset.membership_sha256
        _expect(report, where, "membership_sha256", info.membership_sha256, membership)
        if report.broken("hashes", where):
            continue
        parts = _read_parts(path)
        missing = {"id", "part"} - set(parts)
        if missing:
            report.add("schema", where, f"columns missing: {', '.join(sorted(missing))}", RESTORE)
            continue
        unknown = sorted(set(parts["part"]) - {*IMAGE_PARTS, "heldout"})
        if unknown:
            report.add("schema", where, f"unknown parts: {', '.join(unknown)}", "split again")
            continue
        e.parts[name] = parts
        _classes(e, report, name, where)
        _disjoint(e, report, name, where)
    for name in e.parts:
        _hold_out(e, report, name)


def _classes(e: Evidence, report: Report, name: str, where: str) -> None:
    """What a split divides has one of its classes; part ood is published test without one."""
    parts, own = e.parts[name], e.splits[name].classes
    label = parts["id"].map(e.examples.drop_duplicates("id").set_index("id")["label"])
    ood, used = parts["part"] == OOD, ~parts["part"].isin([OOD, "excluded"])
    known = label.isin(own) if own is not None else label.notna()
    for wrong, what in (
        (used & ~known & label.notna(), "a label that is none of the split's classes"),
        (ood & known, "a label of the split's classes, and are part ood"),
    ):
        if wrong.any():
            ids = ", ".join(parts.loc[wrong, "id"].head(3))
            text = f"{int(wrong.sum())} example(s) have {what}: {ids}"
            report.add("2", where, text, "make the split again: proofolio split")


def _read_parts(path) -> "pd.DataFrame":
    import pandas as pd

    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False)
    return frame.assign(fold=frame["fold"].astype(int)) if "fold" in frame else frame


def _disjoint(e: Evidence, report: Report, name: str, where: str) -> None:
    info, parts = e.splits[name], e.parts[name]
    again = "make the split again: proofolio split"
    try:
        splits.assert_disjoint(parts, e.examples, info)
    except LeakageError as error:
        report.add("1", where, str(error), again)
        return
    except SplitError as error:
        report.add("hashes", where, str(error), again)
        return
    if info.purpose == "demonstration" or e.hashes is None:
        return
    if info.purpose == "primary" and e.duplicates is not None:
        _look_alikes(e, report, name)
    copied = splits.crossings(parts, e.hashes, "content")
    for content, where_found in zip(copied["content"][:5], copied["parts"][:5], strict=True):
        ids = e.hashes.loc[e.hashes["content"] == content, "id"]
        what = f"one content stands in {where_found}: {', '.join(ids.head(3))}"
        report.add("1", where, what, f"{_AGAIN}, then the split")


def _hold_out(e: Evidence, report: Report, name: str) -> None:
    """Folds that share no test of their own keep the published one, and whoever stands in it, out.

    A demonstration split may cross between its folds, never with the sealed test.
    """
    info, parts = e.splits[name], e.parts[name]
    if info.strategy != "cross_validation" or "test" in info.fractions:
        return
    where, again = e.name(e.layout.split(name) / "parts.csv"), "make the split again"
    held = set(parts.loc[parts["part"] == "test", "id"])
    for other, theirs in e.parts.items():
        if e.splits[other].strategy == "official":
            published = set(theirs.loc[theirs["part"] == "test", "id"])
            differ = sorted((held ^ published) - _by_design(e, name) - _by_design(e, other))
            if differ:
                what = f"its hold-out is not the test of split {other}: {', '.join(differ[:3])}"
                report.add("1", where, what, again)
    turning = set(parts.loc[parts["fold"] >= 0, "id"])
    for column in ("unit", "cluster"):
        names = e.examples.set_index("id")[column]
        shared = sorted({*names[names.index.isin(held)]} & {*names[names.index.isin(turning)]})
        if shared:
            what = f"{len(shared)} {column}(s) of the hold-out stand in its folds: "
            report.add("1", where, what + ", ".join(map(str, shared[:3])), again)


def _by_design(e: Evidence, name: str) -> set[str]:
    """Return the ids that a split cannot have in its test: of no class of its, or left as twins."""
    parts, classes = e.parts[name], e.splits[name].classes
    left = parts[parts["part"] == "excluded"]
    twins = left.loc[left["note"] == NOTE_TWIN, "id"] if "note" in left else []
    known = e.examples["label"].isin(classes if classes is not None else e.examples["label"])
    return {*twins, *e.examples.loc[~known, "id"]}


def _look_alikes(e: Evidence, report: Report, name: str) -> None:
    """Note pairs that only pictures can settle: near by their hashes, not listed, in two parts."""
    used = e.parts[name][e.parts[name]["part"] != "excluded"].drop_duplicates("id")
    known = e.hashes.drop_duplicates("content").merge(used[["id", "part"]], on="id")
    known = known.merge(e.examples[["id", "cluster"]], on="id")
    hashes = np.array([int(h, 16) for h in known["perceptual"]], dtype=np.uint64)
    i, j, _ = duplicates.near_pairs(hashes)
    part, cluster = known["part"].to_numpy(), known["cluster"].to_numpy()
    open_pairs = int(((part[i] != part[j]) & (cluster[i] != cluster[j])).sum())
    if open_pairs:
        report.note(
            f"split {name}: {open_pairs} pair(s) across parts have near perceptual hashes and were "
            "not confirmed as duplicates; not checkable without the pictures"
        )
