"""Leaks: units, clusters, look-alikes and time on two sides of a split; labels that disagree."""

from typing import Literal

import pandas as pd

from proofolio.audit import thresholds
from proofolio.contract import Finding, SplitInfo
from proofolio.splits.checks import listed
from proofolio.splits.crossing import crossings

ON_PURPOSE = " This is a demonstration split: it leaks on purpose, to show what that does."


def sides(parts: pd.DataFrame) -> pd.Series:
    """Return the side of each used example, indexed by id: its part, or `fold_k` where held out.

    Two examples on different sides are apart in at least one fold; excluded ones have no side.
    """
    if "fold" not in parts:
        used = parts[parts["part"] != "excluded"]
        return used.set_index("id")["part"].astype(object)
    held = parts[~parts["part"].isin(["train", "excluded"])]
    name = "fold_" + held["fold"].astype(str)
    return name.where(held["part"] == "heldout", "test").set_axis(held["id"]).astype(object)


def verdict(info: SplitInfo, broken: bool) -> Literal["pass", "warn", "fail"]:
    """Return fail for a leak, but warn where the split is a demonstration."""
    if not broken:
        return "pass"
    return "warn" if info.purpose == "demonstration" else "fail"


def _leak(check: str, info: SplitInfo, count: int, n: int, explanation: str) -> Finding:
    status = verdict(info, count > thresholds.NONE_ALLOWED)
    return Finding(
        check=check,
        split=info.name,
        status=status,
        statistic=count,
        threshold=thresholds.NONE_ALLOWED,
        n=n,
        explanation=explanation + (ON_PURPOSE if status == "warn" else ""),
    )


def overlap(parts: pd.DataFrame, table: pd.DataFrame, info: SplitInfo, column: str) -> Finding:
    """Judge whether any `unit` or `cluster` stands in two parts (statistic: how many do)."""
    crossed = crossings(parts, table, column)
    names = sorted(crossed[column].unique())
    total = int(table[column].nunique())
    said = f"{len(names):,} of {total:,} {column}s stand in two parts"
    if names:
        first = crossed.drop_duplicates(column)
        said += ": " + listed(first[column].astype(str) + " (" + first["parts"] + ")")
    return _leak(f"{column}_overlap", info, len(names), total, said + ".")


def duplicates_across_parts(
    parts: pd.DataFrame, table: pd.DataFrame, info: SplitInfo, pairs: pd.DataFrame
) -> Finding:
    """Judge whether an example has an exact or near copy on another side (statistic: how many).

    Exact copies are looked for in the table's content hashes too, not only in duplicates.csv.
    """
    side = sides(parts)
    a, b = pairs["a"].map(side), pairs["b"].map(side)
    apart = pairs[a.notna() & b.notna() & (a != b)]
    found = set(apart["a"]) | set(apart["b"])
    if "content" in table:
        copied = crossings(parts, table, "content")["content"]
        used = table["content"].isin(copied) & table["id"].isin(side.index)
        found |= set(table.loc[used, "id"])
    kinds = apart["kind"].value_counts()
    said = (
        f"{len(found):,} examples have a copy in another part "
        f"({int(kinds.get('exact', 0)):,} exact and {int(kinds.get('near', 0)):,} near pairs "
        "on record cross)"
    )
    said += f": {listed(sorted(found))}." if found else "."
    return _leak("duplicates_across_parts", info, len(found), len(side), said)


def conflicting_labels(table: pd.DataFrame, pairs: pd.DataFrame) -> Finding:
    """Report equal files, and look-alikes of different units, that carry different labels.

    A unit may rightly carry several labels (a patient before and after), so this only warns.
    """
    label, unit = (table.set_index("id")[c].astype(object) for c in ("label", "unit"))
    pairs = pairs[pairs["a"].isin(label.index) & pairs["b"].isin(label.index)]
    first, second = pairs["a"], pairs["b"]
    differ = first.map(label).to_numpy() != second.map(label).to_numpy()
    apart = first.map(unit).to_numpy() != second.map(unit).to_numpy()
    near = pairs[differ & apart & (pairs["kind"] == "near").to_numpy()]
    exact = pairs[differ & (pairs["kind"] == "exact").to_numpy()]
    offenders = list(exact["a"] + " = " + exact["b"]) + list(near["a"] + " ~ " + near["b"])
    equal_files = len(exact)
    if "content" in table:
        kinds = table.groupby("content")["label"].nunique()
        several = table[table["content"].isin(kinds[kinds > 1].index)].sort_values("id")
        equal_files = several["content"].nunique()
        grouped = several.groupby("content", sort=False)["id"].agg(" = ".join)
        offenders = sorted(grouped) + [o for o in offenders if " ~ " in o]
    mixed = int((table.groupby("unit")["label"].nunique() > 1).sum())
    count = equal_files + len(near)
    said = (
        f"{equal_files:,} equal file(s) and {len(near):,} look-alike pair(s) of different units "
        f"carry different labels{': ' + listed(offenders) if offenders else ''}. "
        f"{mixed:,} unit(s) carry several labels, which may be right."
    )
    return Finding(
        check="conflicting_labels",
        split=None,
        status="warn" if count else "pass",
        statistic=count,
        threshold=thresholds.NONE_ALLOWED,
        n=len(table),
        explanation=said,
    )


def time_order(parts: pd.DataFrame, table: pd.DataFrame, info: SplitInfo) -> Finding:
    """Judge whether each part ends before the next begins (statistic: rows out of order).

    Only a temporal split claims it. For others the count is reported where there are times.
    """
    common = {"check": "time_order", "split": info.name}
    if "time" not in table or table["time"].isna().all() or "fold" in parts:
        said = "The table has no times." if "fold" not in parts else "Folds have no time order."
        return Finding(status="not_applicable", explanation=said, **common)
    times = table.set_index("id")["time"]
    used = sides(parts)
    per_part = {p: times.reindex(used.index[used == p]) for p in ("train", "val", "calib", "test")}
    present = [p for p, t in per_part.items() if t.notna().any()]
    early: set[str] = set()
    for position, part in enumerate(present[:-1]):
        begins = min(per_part[later].min() for later in present[position + 1 :])
        early |= set(per_part[part].index[per_part[part] >= begins])
    said = (
        f"{len(early):,} examples are dated at or after the begin of a later part"
        f"{': ' + listed(sorted(early)) if early else ''}."
    )
    if info.strategy != "temporal":
        return Finding(
            status="not_applicable",
            statistic=len(early),
            n=len(used),
            explanation=f"The split is not by time. {said}",
            **common,
        )
    return _leak("time_order", info, len(early), len(used), said)
