"""Refusals of predictions whose ids break the rule: every id of a part scored exactly once."""

import hashlib
from typing import TYPE_CHECKING

from proofolio import memo, table
from proofolio.contract import RunError

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 5


def keys_sha256(predictions: "pd.DataFrame") -> bytes:
    """Return a hash of what is scored, in its order: id, part, [fold]."""
    named = [c for c in ("id", "part", "fold") if c in predictions]
    key = ("keys", memo.token(predictions))
    return memo.once(key, lambda: content_sha256(predictions[named]))


def content_sha256(frame: "pd.DataFrame") -> bytes:
    """Return a hash of the columns' content, whatever the index."""
    digest = hashlib.sha256(f"{list(frame)} {list(map(str, frame.dtypes))}".encode())
    for name in frame:
        for content in table.column_bytes(frame[name]):
            digest.update(content)
    return digest.digest()


def check_ids(predictions: "pd.DataFrame", parts: "pd.DataFrame", part: str) -> None:
    """Check rule 2: every id of a part, and no other, is scored exactly once (per fold).

    Args:
        predictions: id, part, [fold].
        parts: the split's id, part, [fold]; a fold's `heldout` rows are what `val` scores.
        part: val, calib or test.

    Raises:
        RunError: names the first offenders and their number.
    """
    key = ("ids", keys_sha256(predictions), memo.token(parts), part)
    memo.once(key, lambda: _check_ids(predictions, parts, part))


def _check_ids(predictions: "pd.DataFrame", parts: "pd.DataFrame", part: str) -> None:
    scored = predictions[predictions["part"] == part]
    own = parts[parts["part"].isin([part, "heldout"] if part == "val" else [part])]
    refuse_doubles(scored, part)
    # A held-out row has one fold; the hold-out of a cross-validation (fold -1) is scored by each.
    if "fold" in scored.columns and "fold" in own.columns and (own["fold"] >= 0).all():
        expected, received = (set(zip(f["fold"], f["id"], strict=True)) for f in (own, scored))
        _refuse_difference(expected, received, f"part {part}, as (fold, id)")
        return
    by_fold = "fold" in scored.columns and len(scored)
    for fold, rows in scored.groupby("fold") if by_fold else [(None, scored)]:
        where = f"part {part}" + (f", fold {fold}" if fold is not None else "")
        _refuse_difference(set(own["id"]), set(rows["id"]), where)


def refuse_doubles(scored: "pd.DataFrame", part: str) -> None:
    """Raise RunError where an id (per fold) occurs twice among the `scored` rows of a part."""
    keys = ["fold", "id"] if "fold" in scored.columns else ["id"]
    doubled = scored.duplicated(keys)
    if doubled.any():
        refuse(
            f"ids of part {part} are scored more than once",
            scored.loc[doubled, "id"],
            expected="each id once" + (" per fold" if len(keys) > 1 else ""),
            remedy="average repeated predictions of a row before recording them",
        )


def _refuse_difference(expected: set, received: set, where: str) -> None:
    import pandas as pd

    for ids, what in (
        (expected - received, "are not scored"),
        (received - expected, "are scored but do not belong to it"),
    ):
        if ids:
            refuse(
                f"ids of {where} {what}",
                pd.Series(sorted(ids)),
                expected=f"exactly the {len(expected)} ids of the split",
                remedy="predict every id of the part once, and no other",
            )


def refuse(what: str, offenders: "pd.Series", *, expected: str, remedy: str) -> None:
    """Raise RunError about `offenders`: the first of them and their number."""
    first = ", ".join(map(str, offenders.iloc[:_SHOWN]))
    more = ", ..." if len(offenders) > _SHOWN else ""
    received = f"{len(offenders)} in all: {first}{more}"
    raise RunError(what, expected=expected, received=received, remedy=remedy)
