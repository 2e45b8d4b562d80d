"""Splits on disk: `parts.csv` and `split.json`, verified by hash on every read."""

import pandas as pd
from pydantic import ValidationError

from proofolio import files, memo
from proofolio import table as table_room
from proofolio.contract import Layout, SplitError, SplitInfo, StaleError
from proofolio.splits import prequential
from proofolio.splits.build import Split
from proofolio.splits.text import parts_text, read_table

# The way out wherever recorded evidence and present data disagree.
START_ANEW = (
    "restore the earlier state from git (git checkout -- evidence), or start anew: remove "
    "evidence/ (the old one stays in git history), then run prepare and split again"
)


def write(layout: Layout, split: Split | prequential.PrequentialSplit) -> bool:
    """Write a split; an equal one is left alone. Returns whether a file changed.

    A split of events also writes the units it leaves out, and puts the events it scores into
    `examples.parquet`, beside those of the other splits on record.

    Raises:
        StaleError: the split was made from another table than `dataset.json` records.
        SplitError: another split of this name exists and runs were made on it.
    """
    text, info = parts_text(split.parts), split.info
    if files.sha256_text(text) != info.parts_sha256:
        raise StaleError(
            f"split {info.name}: parts do not match their recorded hash",
            expected=info.parts_sha256,
            remedy="make the split again; do not edit its parts",
        )
    _require_same_table(layout, info)
    folder = layout.split(info.name)
    made = info.as_json()
    if (folder / "split.json").is_file():
        old = files.read_json(folder / "split.json")
        hashes = ("parts_sha256", "membership_sha256", "removed_sha256", "scored_sha256")
        kept = all(old.get(k) == made.get(k) for k in hashes)
        users = [] if kept else _runs_on(layout, info.name)
        if users:
            raise SplitError(
                f"split {info.name} differs from the one that {len(users)} run(s) were made on",
                expected=f"parts_sha256 {old.get('parts_sha256')}",
                received=f"parts_sha256 {info.parts_sha256}; runs: {', '.join(users[:5])}",
                remedy="give the new split its own name in project.yaml; or " + START_ANEW,
            )
    # Parts first: a kill in between leaves a pair that `read` refuses, and `split` mends.
    changed = files.write_text(folder / "parts.csv", text)
    if info.by_time:
        changed = files.write_text(layout.removed(info.name), parts_text(split.removed)) or changed
        changed = _write_examples(layout, split) or changed
    return files.write_json(folder / "split.json", made) or changed


def _runs_on(layout: Layout, name: str) -> list[str]:
    """Return the ids of recorded runs on a split, sorted."""
    records = sorted(layout.runs.glob("*/run.json"))
    return [p.parent.name for p in records if files.read_json(p).get("split") == name]


def info(layout: Layout, name: str) -> SplitInfo:
    """Return the description of a recorded split; raises SplitError where there is none."""
    return memo.once(("split", layout.root, name), lambda: _info(layout, name))


def _info(layout: Layout, name: str) -> SplitInfo:
    path = layout.split(name) / "split.json"
    if not path.is_file():
        raise SplitError(
            f"split {name} has not been made",
            expected="evidence/splits/" + name + "/split.json",
            remedy="run proofolio split PROJECT (the split must stand in project.yaml)",
        )
    try:
        return SplitInfo.model_validate(files.read_json(path))
    except (ValidationError, ValueError) as error:
        raise StaleError(
            f"split {name}: split.json cannot be read", received=str(error), remedy=START_ANEW
        ) from None


def read(layout: Layout, name: str) -> pd.DataFrame:
    """Return the verified parts of a split: id, part, note, or id, fold, part (with folds).

    Of events these are the scored ones alone: id, part (val or test), fold.

    Raises:
        SplitError: the split has not been made.
        StaleError: `parts.csv` was edited, or the table changed since.
    """
    described = info(layout, name)
    parts = _verified(layout, described, "parts")
    if not described.by_time:
        return parts
    left_out = _verified(layout, described, "removed")
    return prequential.members(table_room.read_examples(layout), parts, left_out)


def windows(layout: Layout, name: str) -> pd.DataFrame:
    """Return the verified windows of a split of events: fold, role, part, start, end and counts.

    Raises as `read`.
    """
    return _verified(layout, info(layout, name), "parts")


def _verified(layout: Layout, described: SplitInfo, which: str) -> pd.DataFrame:
    """Return `parts.csv` or `removed.csv` where it is the recorded one, of the present table."""
    path = layout.split(described.name) / f"{which}.csv"
    data = path.read_bytes() if path.is_file() else b""
    recorded = getattr(described, f"{which}_sha256")
    if files.sha256_bytes(data) != recorded:
        raise StaleError(
            f"split {described.name}: {which}.csv was changed or is missing",
            expected=f"sha256 {recorded}",
            received=f"sha256 {files.sha256_bytes(data)}",
            remedy=START_ANEW,
        )
    _require_same_table(layout, described)
    return read_table(data)


def _write_examples(layout: Layout, split: prequential.PrequentialSplit) -> bool:
    return files.write_parquet(layout.examples, _scored(layout, split), sorted_ids=["id"])


def _scored(layout: Layout, split: prequential.PrequentialSplit) -> pd.DataFrame:
    """Return the events that this split and the others on record score, sorted by time and id."""
    found = [split.scored]
    names = sorted(p.parent.name for p in (layout.evidence / "splits").glob("*/split.json"))
    for other in (n for n in names if n != split.info.name and layout.examples.is_file()):
        if info(layout, other).membership_sha256 == split.info.membership_sha256:
            examples = prequential.examples_of(table_room.read_examples(layout))
            found.append(examples[examples["id"].isin(read(layout, other)["id"])])
    together = pd.concat(found).drop_duplicates("id")
    return together.sort_values(["time", "id"], ignore_index=True)


def _require_same_table(layout: Layout, described: SplitInfo) -> None:
    if not layout.dataset.is_file():
        raise StaleError(
            "evidence/dataset.json is missing",
            expected="the record that prepare writes",
            remedy="run prepare, then proofolio split PROJECT",
        )
    recorded = files.read_json(layout.dataset).get("membership_sha256")
    if recorded != described.membership_sha256:
        raise StaleError(
            f"split {described.name}: the table changed since this split was made",
            expected=f"membership_sha256 {described.membership_sha256}",
            received=f"membership_sha256 {recorded}",
            remedy=START_ANEW,
        )
