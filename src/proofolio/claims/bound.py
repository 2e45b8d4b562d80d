"""A recorded value with what was recorded beside it, found by a path of dotted keys."""

from dataclasses import dataclass
from typing import Any

from proofolio.claims import columns
from proofolio.contract import ClaimError


@dataclass(frozen=True)
class Bound:
    """A recorded value with what was recorded beside it; `value` None means not measured."""

    value: Any
    ci_low: float | None = None
    ci_high: float | None = None
    level: float | None = None
    n: int | None = None
    n_units: int | None = None


MISSING = Bound(None)


def known(entries: dict[str, Any], what: str, name: str, remedy: str) -> Any:
    """Return the entry of a name; raises ClaimError, with the names there are, where it is none."""
    if name in entries:
        return entries[name]
    listed = ", ".join(list(entries)[:12]) + (", ..." if len(entries) > 12 else "")
    raise ClaimError(
        f"unknown {what} {name!r}", expected=listed or "none is recorded", remedy=remedy
    )


def walk(root: Any, path: str, subject: str) -> Bound:
    """Follow dotted keys; a metric or a field `value`, `statistic` brings its interval along."""
    node, parent = root, {}
    for key in path.split("."):
        parent = node
        index: Any = int(key) if isinstance(node, list) and key.isdigit() else key
        inside = range(len(node)) if isinstance(node, list) else node
        if not isinstance(node, dict | list) or index not in inside:
            keys = ", ".join(map(str, inside)) if isinstance(node, dict | list) else "nothing below"
            raise ClaimError(
                f"{subject} has no {path!r}", expected=keys, remedy="name a recorded path"
            )
        node = node[index]
    if isinstance(node, dict) and "value" in node:
        return _with_interval(node["value"], node)
    if isinstance(node, dict):
        raise ClaimError(
            f"{path!r} of {subject} is a group", expected=f"{path}.{'|'.join(node) or '(empty)'}"
        )
    return _with_interval(node, parent) if path.split(".")[-1] in _CENTRE else Bound(node)


_CENTRE = ("value", "statistic")


def _with_interval(value: Any, beside: dict[str, Any], prefix: str = "") -> Bound:
    return Bound(
        value,
        beside.get(f"{prefix}ci_low"),
        beside.get(f"{prefix}ci_high"),
        beside.get("level") or 0.95,
        beside.get("n"),
        beside.get("n_units"),
    )


def cell(result: dict[str, Any], name: str, path: str) -> Bound:
    """Return `table.ROW.COLUMN`: ROW is an index, or text that one row alone holds in a cell."""
    row_name, _, column = path.removeprefix("table.").rpartition(".")
    table = result.get("table") or []
    rows = [row for row in table if row_name in _texts(row)]
    if row_name.isdigit() and int(row_name) < len(table) and not rows:
        rows = [table[int(row_name)]]
    if len(rows) != 1:
        raise ClaimError(
            f"result:{name} has {len(rows)} rows {row_name!r}",
            expected=f"a text found in one row, or an index below {len(table)}",
            remedy="spaces in a row's text are written _",
        )
    if column not in rows[0]:
        raise ClaimError(f"result:{name} has no column {column!r}", expected=", ".join(rows[0]))
    own = f"{column}_ci_low" in rows[0]
    beside = rows[0] | {"level": columns.interval_level(rows[0], result)}
    return _with_interval(rows[0][column], beside, f"{column}_" if own else "")


def _texts(row: dict[str, Any]) -> set[str]:
    return {"_".join(cell.split()) for cell in row.values() if isinstance(cell, str)}
