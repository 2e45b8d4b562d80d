"""Splits on disk: `parts.csv` and `split.json`, verified by hash on every read."""

import io

import pandas as pd
from pydantic import ValidationError

from proofolio import files
from proofolio.contract import Layout, SplitError, SplitInfo, StaleError
from proofolio.splits.build import Split, parts_text

# The way out wherever recorded evidence and present data disagree.
START_ANEW = (
    "restore the earlier state from git (git checkout -- evidence), or start anew: remove "
    "evidence/ (the old one stays in git history), then run prepare and split again"
)


def write(layout: Layout, split: Split) -> bool:
    """Write a split; an equal one is left alone. Returns whether a file changed.

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
    made = info.model_dump(exclude={"classes"} if info.classes is None else set())
    if (folder / "split.json").is_file():
        old = files.read_json(folder / "split.json")
        kept = all(old.get(k) == made[k] for k in ("parts_sha256", "membership_sha256"))
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
    return files.write_json(folder / "split.json", made) or changed


def _runs_on(layout: Layout, name: str) -> list[str]:
    """Return the ids of recorded runs on a split, sorted."""
    records = sorted(layout.runs.glob("*/run.json"))
    return [p.parent.name for p in records if files.read_json(p).get("split") == name]


def info(layout: Layout, name: str) -> SplitInfo:
    """Return the description of a recorded split; raises SplitError where there is none."""
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

    Raises:
        SplitError: the split has not been made.
        StaleError: `parts.csv` was edited, or the table changed since.
    """
    described = info(layout, name)
    path = layout.split(name) / "parts.csv"
    data = path.read_bytes() if path.is_file() else b""
    if files.sha256_bytes(data) != described.parts_sha256:
        raise StaleError(
            f"split {name}: parts.csv was changed or is missing",
            expected=f"sha256 {described.parts_sha256}",
            received=f"sha256 {files.sha256_bytes(data)}",
            remedy=START_ANEW,
        )
    _require_same_table(layout, described)
    # An id may read "NA" or "007": every column but fold is text.
    frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, na_filter=False)
    return frame.assign(fold=frame["fold"].astype(int)) if "fold" in frame else frame


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
