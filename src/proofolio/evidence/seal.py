"""The sealed test set: opened through `open_test` alone, for a committed selection, and counted."""

import json
from typing import Any

from proofolio import files, memo, scoring, table
from proofolio.contract import Layout, Run, SealError, Selection
from proofolio.evidence import choice, git, provenance, store
from proofolio.project import Project

_REMEDY = "run proofolio select: it writes the choice down and commits it"


def open_test(layout: Layout, project: Project, reason: str) -> list[Run]:
    """Join the stored predictions with the test labels, once, and return the runs with metrics.

    The only place where that happens. Scored are all runs of the chosen configuration and of the
    fixed comparisons. Opening again for the same selection scores nothing and writes no line.

    Args:
        layout: The project's paths.
        project: The project as it was when the choice was made.
        reason: Why test is opened, kept in `test_access.jsonl`.

    Raises:
        SealError: No selection, one that is not committed as it stands, or one that no longer
            follows from the recorded runs.
        StaleError: Predictions were edited after their run.
    """
    selection = demand_committed(layout)
    if _opened_for(layout) and all("test" in r.metrics for r in targets(layout, selection)):
        return targets(layout, selection)
    decided = choice.decide(layout, project)
    if not choice.same(selection, decided):
        raise SealError(
            "the selection no longer follows from the recorded runs",
            expected=f"{decided.choice.name}, over {len(decided.candidates)} configurations",
            received=f"{selection.choice.name}, over {len(selection.candidates)} configurations",
            remedy="run proofolio select again, before test is opened",
        )
    _refuse_early_metrics(layout)
    runs = targets(layout, selection)
    stored = [store.predictions(layout, run) for run in runs]
    examples = table.read_examples(layout)
    _note_access(layout, reason)
    for run, predictions in zip(runs, stored, strict=True):
        run.metrics["test"] = scoring.score_run(run, predictions, examples, "test")
        store.write(layout, run)
    return runs


def demand_committed(layout: Layout) -> Selection:
    """Return the selection; raises SealError unless it stands in the current commit unchanged."""
    selection = choice.recorded(layout)
    expected = "evidence/selection.json, committed and unchanged since"
    if selection is None:
        raise SealError(
            "test stays sealed: no selection was made",
            expected=expected,
            received="no such file",
            remedy=_REMEDY,
        )
    if git.root_of(layout) is None:
        raise SealError(
            "test stays sealed: the project is in no git repository",
            expected=expected,
            received="a selection that nothing dates",
            remedy=_REMEDY,
        )
    if not choice.sealed(layout):
        raise SealError(
            "test stays sealed: selection.json is not committed as it stands",
            expected=expected,
            received="a file that is new, or was edited after its commit",
            remedy=_REMEDY,
        )
    return selection


def targets(layout: Layout, selection: Selection) -> list[Run]:
    """Return the runs that a selection opens test for: the choice's first, then comparisons'."""
    by_name = {c.name: c.runs for c in selection.candidates}
    names = [selection.choice.name, *selection.fixed_comparisons]
    return [store.run(layout, run_id) for name in names for run_id in by_name[name]]


def accesses(layout: Layout) -> list[dict[str, Any]]:
    """Return the openings of test: time, commit, selection_sha256 and reason of each."""
    return [*memo.once(("accesses", layout.root), lambda: _accesses(layout))]


def _accesses(layout: Layout) -> list[dict[str, Any]]:
    if not layout.test_access.is_file():
        return []
    lines = layout.test_access.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def demand_open(layout: Layout, runs: list[Run], part: str) -> None:
    """Raise SealError where results on test are asked for runs that test was not opened for."""
    closed = [run.id for run in runs if "test" not in run.metrics]
    if part == "test" and (closed or not accesses(layout)):
        raise SealError(
            "test was not opened for these runs",
            received=", ".join(closed) or "no line in test_access.jsonl",
            remedy="run proofolio evaluate after the selection is committed",
        )


def _refuse_early_metrics(layout: Layout) -> None:
    early = [run.id for run in store.runs(layout) if "test" in run.metrics]
    if early and not accesses(layout):
        raise SealError(
            "runs carry test metrics, but test was never opened",
            received=", ".join(early),
            remedy="restore their run.json, or test_access.jsonl, from git",
        )


def _opened_for(layout: Layout) -> bool:
    present = files.sha256_file(layout.selection)
    return any(entry.get("selection_sha256") == present for entry in accesses(layout))


def _note_access(layout: Layout, reason: str) -> None:
    """Append the line first: an opening that is then killed still counts as one."""
    line = {
        "time": provenance.utc_now(),
        "commit": git.last_commit(layout, layout.selection),
        "selection_sha256": files.sha256_file(layout.selection),
        "reason": reason,
    }
    before = layout.test_access.read_text(encoding="utf-8") if layout.test_access.is_file() else ""
    files.write_text(layout.test_access, before + files.json_line(line))
