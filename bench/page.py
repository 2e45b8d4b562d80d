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
Ours and the peer run in turn in one process. *Ratio* is the median, over three rounds, of the time
of the peer divided by ours: above 1 ours is faster. *CPU* is the same for processor time, which
other work on the machine disturbs less. *Growth* is the exponent of our time in the size: 1 is
linear, 2 quadratic. A peer that takes long gets a part of the work and its time is scaled up; where
a round of it takes over half a minute there is one round.
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
# Why a row may miss its aim, by the beginning of its name, from profiles of what is timed (cProfile
# or processor time of the parts, one process): said only where one does.
WHY = {
    "grouped split, checked": "The peer only assigns rows. Of the time of this row, at 100,000"
    " rows, the assignment takes a ninth; the text of the parts and the two hashes take a third,"
    " the balance and the proof that no unit stands in two parts a sixth, sorting and notes the"
    " rest.",
    "clustered bootstrap": "At 80,000 rows drawing the clusters takes two fifths of the time; it"
    " takes the peer as long. The rest is the weight of each row in each resample and its sums:"
    " whole numbers, so that they agree on every machine.",
    "near-duplicates": "All pairs is one vectorised pass and wins while there are few pictures.",
    "14 window features": "At a million events a quarter of the time is the search for the start of"
    " each window, a quarter the copies into the order of the entities and back, a sixth the checks"
    " of the table, the rest sums and means. Nothing is left that is done entity by entity: where"
    " the peer gains with size, entities have more events each.",
    "simulated cards": "At a million events half of the time is random draws and what they read;"
    " the order by time, the marks of fraud and the text of the table share the rest. The peer"
    " draws one payment at a time, but sorts and marks frauds by whole columns, so it gains with"
    " size.",
    "fine-tuning": "In an epoch of 64 pictures the network's own arithmetic takes five sixths of"
    " the processor time, ours and the peer's. It differs by the layout and number format that the"
    " probe chooses; decoding, augmentation, val and the saved state share the last sixth.",
    "frozen features": "The network's own arithmetic is what takes the time. In the chosen layout"
    " it takes seven tenths of what it takes in the peer's; more is gained by decoding once alone.",
    "one repository": "Start-up is counted on both sides. Of our processor time it is about half:"
    " imports of what the recomputation of evidence needs (pandas, SciPy, PyArrow), which"
    " the peer, that reads files alone, does not need. A cohort pays it once.",
}
COLUMNS = {
    "name": "What", "seconds": "Seconds", "peer": "Peer", "peer_seconds": "Its seconds",
    "ratio": "Ratio", "cpu_ratio": "CPU", "aim": "Aim",
    "worst_share": "Worst share, points off", "peer_worst_share": "The peer's",
    "median_ms": "Median, ms", "p95_ms": "95th percentile, ms", "p99_ms": "99th percentile, ms",
    "direct_median_ms": "Scorer alone, median ms",
    "live_less_batch": "Live score less the table's, at most",
    "requests": "Requests", "clients": "Clients", "not_answered": "Not answered",
    "degraded": "Answered by rules", "microseconds_per_event": "Microseconds an event",
    "peak_mb": "Peak memory, MB", "memory_mb": "Memory, MB",
    "loaded_batches_per_second": "Batches a second, loader",
    "sorted": "Sorting, seconds", "images_per_second": "Pictures a second",
    "peer_images_per_second": "The peer's pictures a second", "chosen": "Number format, layout",
    "cache_seconds": "Cache, seconds", "probe_seconds": "Probe, seconds",
    "paid_after": "Both paid for after epochs",
    "right": "Right about the other half", "right_float32": "In float32",
}  # fmt: skip
MAIN = list(COLUMNS)[:7]  # columns of every table, whatever stands in them
HIDDEN = {"peer_share_timed", "size", "events", "rounds"}
SIZE = re.compile(r", ([\d,.]*\d( million)?) (rows|hashes|events|cards|pictures)(, \d+ (days|px))?")


def summary(reports: dict[str, dict]) -> list[str]:
    """Return a table of where we stand: one line for each work and peer, at its largest size."""
    lines = [
        "## At a glance", "",
        "The largest size of each; *met* is judged at every size. Where no aim is set, it is to be"
        " ahead.", "",
        "| What | Largest size | Peer | Ratio | Aim | Met |",
        "| --- | --- | --- | ---: | ---: | --- |",
    ]  # fmt: skip
    behind = []
    for rows in families([row for report in reports.values() for row in report["rows"]]):
        if rows[0].get("ratio") is None:
            continue
        last = max(rows, key=lambda row: row.get("size") or 0)
        met = sum(not falls_short(row) for row in rows)
        word = "yes" if met == len(rows) else "no" if met == 0 else f"at {met} of {len(rows)} sizes"
        size = SIZE.search(last["name"])
        cells = [
            family(last["name"]), f"{size[1]} {size[3]}" if size else "", last["peer"],
            f"**{shown(last['ratio'])}**", shown(last.get("aim")) or "ahead", word,
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
        behind += [family(last["name"])] if word != "yes" else []
    told = "; ".join(dict.fromkeys(behind)) or "none"
    return [*lines, "", f"Aim missed at some size: {told}. The sections below say why.", ""]


def families(rows: list[dict]) -> list[list[dict]]:
    """Return the rows of each work and peer together, whatever their sizes."""
    found: dict[tuple, list[dict]] = {}
    for row in rows:
        found.setdefault((family(row["name"]), row.get("peer")), []).append(row)
    return list(found.values())


def falls_short(row: dict) -> bool:
    """Whether a row with a ratio misses its aim, which is to be ahead where it names none."""
    return row.get("ratio") is not None and row["ratio"] < (row.get("aim") or 1)


def section(title: str, report: dict) -> list[str]:
    """Return the lines of one file of results: what was run, a table, growth, missed aims."""
    rows, machine = report["rows"], report["hardware"]
    where = machine.get("processor") or f"{machine['machine']}, {machine['cores']} cores"
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    lines = [f"## {title}", "", f"Command: `{report['how']}`. Machine: {where}.", ""]
    load = machine.get("load_before")
    if load is not None and load > machine["cores"] / 2:
        lines += [
            f"Load {load} before the start, of other work or the benchmark before: read the ratios,"
            " not the seconds.",
            "",
        ]
    if report.get("unfinished"):
        lines += ["This benchmark did not come to its end: rows are missing.", ""]
    same = constant(rows)
    lines += [*table([{k: v for k, v in row.items() if k not in same} for row in rows]), ""]
    if same:
        told = "; ".join(f"{label(key)} {shown(value)}" for key, value in same.items())
        lines += [f"The same in every row: {told}.", ""]
    if grown := growth(rows):
        lines += ["Growth: " + "; ".join(f"{name} {power:.2f}" for name, power in grown) + ".", ""]
    lines += [line for line in missed(rows)]
    return [*lines, f"Versions: {versions}.", ""]


def constant(rows: list[dict]) -> dict[str, object]:
    """Return what three rows or more have in common: said below the table, not in a column."""
    first = rows[0] if len(rows) > 2 else {}
    kept = {*MAIN, *HIDDEN}
    return {k: v for k, v in first.items() if k not in kept and all(r.get(k) == v for r in rows)}


def table(rows: list[dict]) -> list[str]:
    """Return a Markdown table of all rows, with a column for every key that any row has."""
    keys = [key for key in COLUMNS if any(key in row for row in rows)]
    keys += [k for k in dict.fromkeys(k for r in rows for k in r) if k not in {*keys, *HIDDEN}]
    head = [label(key) for key in keys]
    right = ["---" if key in ("name", "peer") else "---:" for key in keys]
    body = [[shown(row.get(key)) for key in keys] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in (head, right, *body)]


def label(key: str) -> str:
    """Return a column's name."""
    return COLUMNS.get(key, key.replace("_", " ").capitalize())


def shown(value: object) -> str:
    """Return a cell's text; empty where there is no value."""
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def growth(rows: list[dict]) -> list[tuple[str, float]]:
    """Return name and exponent of each family of rows that were timed at several sizes."""
    found = {}
    for members in families([row for row in rows if row.get("size") and row.get("seconds")]):
        first, last = (f(members, key=lambda row: row["size"]) for f in (min, max))
        if last["size"] > first["size"]:
            power = math.log(last["seconds"] / first["seconds"])
            name = family(last["name"])  # against several peers, our time is the same
            found.setdefault(name, power / math.log(last["size"] / first["size"]))
    return list(found.items())


def family(name: str) -> str:
    """Return a row's name without its size."""
    return SIZE.sub("", name)


def missed(rows: list[dict]) -> list[str]:
    """Return a paragraph for each family in which a row misses its aim."""
    short = [row for row in rows if falls_short(row)]
    lines = []
    for start, why in WHY.items():
        if names := [row["name"] for row in short if row["name"].startswith(start)]:
            lines += [f"Aim missed by {'; '.join(dict.fromkeys(names))}. {why}", ""]
    return lines


def text() -> str:
    """Return the page."""
    reports = {path.stem: files.read_json(path) for path in sorted(RESULTS.glob("*.json"))}
    order = [*(name for name in TITLES if name in reports), *sorted(set(reports) - set(TITLES))]
    lines = summary({name: reports[name] for name in order})
    lines += [line for name in order for line in section(TITLES.get(name, name), reports[name])]
    return "\n".join([HEAD, *lines]).rstrip() + "\n"


def main() -> None:
    """Write the page, or compare it."""
    if "--check" not in sys.argv[1:]:
        files.write_text(PAGE, text())
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text():
        sys.exit(f"{PAGE.relative_to(ROOT)} is not what bench/results give: python bench/page.py")


if __name__ == "__main__":
    main()
