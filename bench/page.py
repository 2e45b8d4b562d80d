"""Write docs/reference/benchmarks.md from bench/results: `python bench/page.py [--check]`.

With `--check` nothing is written; it ends with 1 where the page is not what the results give.
"""

import math
import re
import sys
from pathlib import Path

from proofolio import files

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "bench" / "results", ROOT / "docs" / "reference" / "benchmarks.md"
HEAD = """---
title: Benchmarks
description: Speed against named peers, on which machine, and why an aim is missed.
---

<!-- Written by `python bench/page.py` from bench/results. Do not edit. -->

# Benchmarks

`make bench` times everything below again; `make bench LARGE=1` adds the sizes that take minutes.
Ours and the peer run in turn in one process. *Ratio* is the median, over the rounds, of the peer's
time divided by ours: above 1 ours is faster. *CPU* is the same for processor time, which other work
on the machine disturbs less. *Growth* is the exponent of our time in the size: 1 is linear, 2
quadratic. A peer that takes long gets a part of the work and its time is scaled up.
"""
TITLES = {
    "door": "From `copier copy` to the first audited result",
    "finetune": "Training on pictures",
    "spine": "Splits, intervals, look-alikes",
    "events": "Card events",
    "sequences": "Sequences of events",
    "serving": "The scoring service",
    "serving_fraud": "The scoring service of the fraud case study",
    "serving_images": "The scoring service of the X-ray case study",
    "grading": "Grading",
}
# Why a row may miss its aim, by the beginning of its name: said only where one does.
WHY = {
    "grouped split, checked": "The peer only assigns rows. This row also sorts the table, hashes"
    " it, counts the balance and proves that no unit stands in two parts.",
    "clustered bootstrap": "Both end in sums over all rows for each resample. Ours sorts the scores"
    " once instead of once per resample, which is what the ratio shows; its sums are exact, so that"
    " they agree on every machine, and that costs memory traffic.",
    "near-duplicates": "All pairs is one vectorised pass and wins while there are few pictures.",
    "14 window features": "Both walk each entity's events in time. Ours avoids the work per entity;"
    " copying the columns into the order of the entities and the results back is what remains.",
    "simulated cards": "The peer draws one payment at a time but marks frauds by whole columns."
    " Ours spends its time on random draws, the sort by time and the text of the ids.",
    "fine-tuning": "The network's own arithmetic takes nearly all the time on a processor, and it"
    " is the same for all. The runtime gains by the layout and number format that its probe chooses"
    " and by decoding once; a short epoch also pays for saving the state and for val.",
    "frozen features": "The network's own arithmetic takes most of the time, and it is the same for"
    " both.",
}
COLUMNS = {
    "name": "What", "seconds": "Seconds", "peer": "Peer", "peer_seconds": "Its seconds",
    "ratio": "Ratio", "cpu_ratio": "CPU", "aim": "Aim",
    "worst_share": "Worst share, points off", "peer_worst_share": "The peer's",
}  # fmt: skip
HIDDEN = {"peer_share_timed", "size", "events"}


def section(title: str, report: dict) -> list[str]:
    """Return the lines of one file of results: what was run, a table, growth, missed aims."""
    rows, machine = report["rows"], report["hardware"]
    where = machine.get("processor") or f"{machine['machine']}, {machine['cores']} cores"
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    lines = [f"## {title}", "", f"Command: `{report['how']}`. Machine: {where}.", ""]
    load = machine.get("load_before")
    if load is not None and load > machine["cores"] / 2:
        lines += [
            f"The machine was busy with other work (load {load} before the start): read the ratios,"
            " not the seconds.",
            "",
        ]
    same = constant(rows)
    lines += [*table([{k: v for k, v in row.items() if k not in same} for row in rows]), ""]
    if same:
        told = ", ".join(f"{key.replace('_', ' ')} {shown(value)}" for key, value in same.items())
        lines += [f"The same in every row: {told}.", ""]
    if grown := growth(rows):
        lines += ["Growth: " + "; ".join(f"{name} {power:.2f}" for name, power in grown) + ".", ""]
    lines += [line for line in missed(rows)]
    return [*lines, f"Versions: {versions}.", ""]


def constant(rows: list[dict]) -> dict[str, object]:
    """Return what three rows or more have in common: said below the table, not in a column."""
    first = rows[0] if len(rows) > 2 else {}
    kept = {*COLUMNS, *HIDDEN}
    return {k: v for k, v in first.items() if k not in kept and all(r.get(k) == v for r in rows)}


def table(rows: list[dict]) -> list[str]:
    """Return a Markdown table of all rows, with a column for every key that any row has."""
    keys = [key for key in COLUMNS if any(key in row for row in rows)]
    keys += [k for k in dict.fromkeys(k for r in rows for k in r) if k not in {*keys, *HIDDEN}]
    head = [COLUMNS.get(key, key.replace("_", " ").capitalize()) for key in keys]
    right = ["---" if key in ("name", "peer") else "---:" for key in keys]
    body = [[shown(row.get(key)) for key in keys] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in (head, right, *body)]


def shown(value: object) -> str:
    """Return a cell's text; empty where there is no value."""
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def growth(rows: list[dict]) -> list[tuple[str, float]]:
    """Return name and exponent of each family of rows that were timed at several sizes."""
    families: dict[str, list[dict]] = {}
    for row in rows:
        if row.get("size") and row.get("seconds"):
            families.setdefault(family(row["name"]), []).append(row)
    found = []
    for name, members in families.items():
        first, last = (f(members, key=lambda row: row["size"]) for f in (min, max))
        if last["size"] > first["size"]:
            power = math.log(last["seconds"] / first["seconds"])
            found.append((name, power / math.log(last["size"] / first["size"])))
    return found


def family(name: str) -> str:
    """Return a row's name without its size."""
    return re.sub(r",? [\d,.]*\d( million)? (rows|hashes|events|cards|pictures)", "", name)


def missed(rows: list[dict]) -> list[str]:
    """Return a paragraph for each family in which a row misses its aim."""
    short = [row for row in rows if row.get("aim") and row["ratio"] < row["aim"]]
    lines = []
    for start, why in WHY.items():
        if names := [row["name"] for row in short if row["name"].startswith(start)]:
            lines += [f"Aim missed by {'; '.join(dict.fromkeys(names))}. {why}", ""]
    return lines


def text() -> str:
    """Return the page."""
    reports = {path.stem: files.read_json(path) for path in sorted(RESULTS.glob("*.json"))}
    order = [*(name for name in TITLES if name in reports), *sorted(set(reports) - set(TITLES))]
    lines = [line for name in order for line in section(TITLES.get(name, name), reports[name])]
    return "\n".join([HEAD, *lines]).rstrip() + "\n"


def main() -> None:
    """Write the page, or compare it."""
    if "--check" not in sys.argv[1:]:
        files.write_text(PAGE, text())
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text():
        sys.exit(f"{PAGE.relative_to(ROOT)} is not what bench/results give: python bench/page.py")


if __name__ == "__main__":
    main()
