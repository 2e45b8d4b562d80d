"""Verification: every rule of the evidence contract, from the evidence folder alone.

Needs no data, no code of the project and no torch; `project.yaml` is read where it is present.
What cannot be checked (no git history, predictions not kept) is a note, never a silent pass.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from proofolio import memo, table
from proofolio.contract import Layout
from proofolio.verify.report import RULES, Problem, Report

if TYPE_CHECKING:
    from proofolio.verify import load

__all__ = ["RULES", "Problem", "Report", "examine", "run"]


def run(root: Path | str) -> Report:
    """Check a project and return its problems and notes.

    Args:
        root: The project's root folder, the one that holds `evidence/`.
    """
    return examine(root)[1]


def examine(root: Path | str, *, full: bool = True) -> "tuple[load.Evidence, Report]":
    """Check a project and return what was read beside its problems and notes.

    Args:
        root: The project's root folder, the one that holds `evidence/`.
        full: False leaves out what takes minutes: intervals are not drawn again, and of the
            results means, differences, groups and mistakes of the choice are recomputed. A note
            says so.
    """
    from proofolio.verify import load

    report, layout = Report(), Layout(root)
    if not layout.contract.is_file():
        what, remedy = "there is no evidence to verify", "run prepare and split first"
        report.add("schema", "evidence/contract.json", what, remedy)
        return load.Evidence(layout), report
    e = load.load(layout, report)
    e.full = full
    if not full:
        report.note("intervals, and results but the main ones of the choice, were not recomputed")
    with memo.kept():
        if e.examples is not None:
            table.keep_examples(layout, e.examples)
        for check in _checks(events=e.events):
            try:
                check(e, report)
            except Exception as error:  # a check that cannot end is a finding, never a pass
                where = f"{check.__module__.rsplit('.', 1)[-1]} of {layout.root.name}"
                what = f"a check could not be made: {type(error).__name__}: {error}"
                report.add("schema", where, what, "restore evidence/ from git")
    return e, report


def _checks(*, events: bool) -> "list[Callable[[load.Evidence, Report], None]]":
    """Return the checks in their order: what is wrong with the data comes before what rests on it.

    Results come after the runs that they read, citations after everything that can be cited.
    """
    from proofolio.verify import (
        citations,
        data,
        lineage,
        opening,
        record,
        registered,
        results,
        scores,
        sealed,
        selection,
        storage,
        windows,
    )

    return [
        storage.check,
        windows.check if events else data.check,
        scores.check,
        lineage.check,
        selection.check,
        opening.check,
        registered.check,
        results.check,
        record.check,
        sealed.check,
        citations.check,
    ]
