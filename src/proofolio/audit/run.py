"""Run every check on every split and record the findings in `evidence/audit.json`."""

from collections.abc import Sequence

import pandas as pd

from proofolio import evidence, files, splits
from proofolio import table as table_room
from proofolio.audit import balance, events, leaks, shortcut
from proofolio.contract import OOD, Finding, Layout, SealError, SplitInfo
from proofolio.project import Project

PAIR_COLUMNS = ("a", "b", "kind", "distance")


def run(layout: Layout, project: Project, *, test: bool = False) -> list[Finding]:
    """Audit a project and write `audit.json`; equal input leaves the file as it is.

    Args:
        layout: the project's paths; table, splits and duplicates must be recorded.
        project: names the splits and the classes.
        test: also probe shortcuts on test. Once test has been opened this is always done, so
            that a later audit does not lose those findings.

    Raises:
        SealError: `test` is asked for before test was opened.
        StaleError: the table or a split changed since it was recorded.
    """
    opened = bool(evidence.accesses(layout))
    if test and not opened:
        raise SealError(
            "the shortcut probe on test was asked for before test was opened",
            expected="an opening recorded in evidence/test_access.jsonl",
            remedy="run proofolio evaluate PROJECT, which opens test once and then audits it",
        )
    infos, table = [splits.info(layout, s.name) for s in project.splits], table_room.read(layout)
    if project.kind == "events":
        each = (events.findings(layout, table, info, project.positive_class) for info in infos)
        found = sorted((f for some in each for f in some), key=lambda f: (f.check, f.split))
    else:
        made = [(info, splits.read(layout, info.name)) for info in infos]
        found = findings(table, made, _pairs(layout), _ordered(project), test=opened)
    files.write_json(layout.audit, {"findings": [f.model_dump() for f in found]})
    return found


def findings(
    table: pd.DataFrame,
    made: Sequence[tuple[SplitInfo, pd.DataFrame]],
    pairs: pd.DataFrame,
    classes: Sequence[str],
    *,
    test: bool = False,
) -> list[Finding]:
    """Return all findings, sorted by check and split.

    Args:
        table: the prepared table.
        made: description and parts of each split.
        pairs: a, b, kind, distance: the recorded duplicates.
        classes: label names; with two, the positive one last.
        test: probe shortcuts on test too.
    """
    found = [leaks.conflicting_labels(table, pairs)]
    for info, parts in made:
        own = info.classes or classes
        found += _of_split(table, info, parts, pairs, own)
        if info.purpose == "primary":
            side = leaks.sides(labelled(parts))
            used = table[table["id"].isin(side.index)]
            tested = used["id"].map(side) == "test"
            for on_test in (False, True) if test else (False,):
                found += shortcut.findings(used, tested, info.name, own, test=on_test)
    return sorted(found, key=lambda f: (f.check, f.split or ""))


def labelled(parts: pd.DataFrame) -> pd.DataFrame:
    """Return parts without those of no class: they have no share of a label to compare."""
    return parts[parts["part"] != OOD]


def _of_split(
    table: pd.DataFrame,
    info: SplitInfo,
    parts: pd.DataFrame,
    pairs: pd.DataFrame,
    classes: Sequence[str],
) -> list[Finding]:
    columns = [c for c in dict.fromkeys(["label", *info.stratify_by]) if c in table]
    return [
        leaks.overlap(parts, table, info, "unit"),
        leaks.overlap(parts, table, info, "cluster"),
        leaks.duplicates_across_parts(parts, table, info, pairs),
        leaks.time_order(parts, table, info),
        *(balance.drift(labelled(parts), table, info, c) for c in columns),
        balance.small_part(parts, table, info),
        balance.small_class(parts, table, info, list(classes)),
    ]


def _ordered(project: Project) -> list[str]:
    """Return the classes, the positive one last where there are two."""
    if project.positive_class is None:
        return list(project.classes)
    return sorted(project.classes, key=lambda c: c == project.positive_class)


def _pairs(layout: Layout) -> pd.DataFrame:
    """Return the recorded duplicates; none recorded reads as an empty list."""
    if not layout.duplicates.is_file():
        return pd.DataFrame({c: pd.Series(dtype=object) for c in PAIR_COLUMNS})
    text = {"a": str, "b": str, "kind": str}
    return pd.read_csv(layout.duplicates, dtype=text, keep_default_na=False)
