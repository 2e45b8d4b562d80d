"""How a bound value is printed: a number with its interval, or a result's table."""

from typing import Any

from proofolio.claims import columns, headings
from proofolio.claims.resolve import Bound
from proofolio.contract import ClaimError

NOT_MEASURED = "not measured"


def text(bound: Bound, spec: str = "", flags: tuple[str, ...] = ()) -> str:
    """Return a claim's text: `0.972 (95% CI 0.961-0.981; n = 624 of 250 units)`."""
    if bound.value is None:
        return NOT_MEASURED
    shown = number(bound.value, spec, percent="pct" in flags)
    beside = []
    if "ci" in flags:
        beside.append(interval(bound, spec, percent="pct" in flags))
    if "n" in flags and bound.n is not None:
        units = "" if bound.n_units is None else f" of {bound.n_units:,} units"
        beside.append(f"n = {bound.n:,}{units}")
    return f"{shown} ({'; '.join(beside)})" if beside else shown


def number(value: Any, spec: str, *, percent: bool = False) -> str:
    """Return one value in its format, on one line and free of Markdown comments."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(number(item, spec, percent=percent) for item in value)
    try:
        if isinstance(value, int | float) and percent:
            return f"{format(value * 100, spec or '.1f')}%"
        shown = format(value, spec)
        if isinstance(value, float) and not shown.strip("-0."):
            shown = shown.removeprefix("-")  # a rounded zero has no sign
    except ValueError as error:
        raise ClaimError(
            f"format {spec!r} does not fit {value!r}",
            received=str(error),
            remedy="use a Python format spec: .3f for fractions, , for counts, nothing for text",
        ) from None
    return " ".join(shown.split()).replace("<!--", "&lt;!--").replace("-->", "--&gt;")


def interval(bound: Bound, spec: str, *, percent: bool = False) -> str:
    """Return `95% CI 0.961-0.981`; `to` joins bounds where a sign would confuse."""
    level = f"{100 * (bound.level or 0.95):g}% CI"
    if bound.ci_low is None or bound.ci_high is None:
        return f"{level} {NOT_MEASURED}"
    scale = 100 if percent else 1
    spec = spec or (".1f" if percent else "")
    low, high = (number(end * scale, spec) for end in (bound.ci_low, bound.ci_high))
    joint = " to " if {*low, *high} & {"-", "+"} else "-"
    return f"{level} {low}{joint}{high}"


def markdown_table(header: list[str], rows: list[list[str]], *, right: set[int]) -> str:
    """Return a Markdown table; columns in `right` are aligned right."""
    rule = ["---:" if i in right else "---" for i in range(len(header))]
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(map(_cell_text, line)) + " |" for line in lines)


def result_table(result: dict[str, Any], spec: str = ".3f") -> str:
    """Return a result's table, or its value as a table of one row.

    JSON keeps no order of columns: `columns` knows it, and which rows of a long curve are printed.
    """
    kind = str(result.get("kind"))
    rows = result.get("table")
    if rows is None:
        rows = [{k: result.get(k) for k in ("value", "ci_low", "ci_high", "level", "n", "n_units")}]
    if not rows:
        return f"*{NOT_MEASURED}*"
    rows = columns.shown(rows, kind)
    order = columns.ordered(rows, result)
    numeric = {i for i, c in enumerate(order) if not any(isinstance(r.get(c), str) for r in rows)}
    body = [[_table_cell(row, column, spec, result) for column in order] for row in rows]
    return markdown_table([headings.title(column, kind) for column in order], body, right=numeric)


def _table_cell(row: dict[str, Any], column: str, spec: str, result: dict[str, Any]) -> str:
    value = row.get(column)
    if value is None:
        return "" if columns.is_last(column) else NOT_MEASURED
    if isinstance(value, str):
        value = headings.remark(value) if column == "note" else value
        return number(value, "").replace("<", "&lt;")  # somebody's words open no tag
    prefix = f"{column}_" if f"{column}_ci_low" in row else ""
    low, high = row.get(f"{prefix}ci_low"), row.get(f"{prefix}ci_high")
    fraction = isinstance(value, float) and not isinstance(value, bool)
    form = headings.form(column, str(result.get("kind")), spec)
    shown = number(value, form if fraction else "")
    if low is None or not (prefix or column in ("value", "estimate", "statistic")):
        return shown
    bound = Bound(value, low, high, columns.interval_level(row, result))
    return f"{shown} ({interval(bound, spec)})"


def _cell_text(cell: str) -> str:
    return cell.replace("|", "\\|")
