"""A cohort: which folders are graded, who shares evidence with whom, one report for all."""

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from proofolio import __version__
from proofolio.contract import ProjectError
from proofolio.rubric import grade, originals, workers
from proofolio.rubric.answers import Answers
from proofolio.rubric.checks.origin import copied
from proofolio.rubric.grade import SCHEMA, Examined


def paths(given: Sequence[Path]) -> list[str]:
    """Return the folders to grade; a text file lists one folder per line, beside itself.

    Raises:
        ProjectError: a path that is neither a folder nor a text file, or an empty list.
    """
    found: list[str] = []
    for path in given or [Path()]:
        if path.is_dir():
            found.append(str(path))
        elif path.is_file() and path.stat().st_size < 1_000_000:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            listed = [line.strip() for line in lines]
            found += [str(path.parent / x) for x in listed if x and not x.startswith("#")]
        else:
            raise ProjectError(
                f"there is nothing to grade at {path}",
                expected="a project's folder, or a text file with one folder per line",
                remedy="correct the path",
            )
    if not found:
        raise ProjectError("the list names no folder", remedy="write one folder per line")
    return list(dict.fromkeys(found))


def report(
    folders: Sequence[str],
    asked: workers.Asked,
    *,
    jobs: int = 1,
    given: Sequence[Answers] = (),
    then: Callable[[Examined], dict[str, Any]] | None = None,
    done: Callable[[str], None] = lambda path: None,
) -> dict[str, Any]:
    """Return the report of a cohort, schema 1.

    Args:
        folders: Projects to grade.
        asked: How.
        jobs: Projects graded at a time.
        given: Answers to the human criteria, one file per mentor.
        then: Called with what was found in each project before it is scored; what it returns is
            added to the project's entry (the run of its tests).
        done: Called with each path as it ends.
    """
    found = workers.many(folders, asked, jobs=jobs, done=done)
    _copies(found)
    projects = []
    for examined in found:
        extra = then(examined) if then else {}
        entry = grade.result(examined, given)
        projects.append(entry | extra)
    return {"schema": SCHEMA, "by": f"proofolio {__version__}", "projects": projects}


def _copies(found: list[Examined]) -> None:
    """Mark evidence that two members of the cohort share; who copied whom is not known."""
    for a, b in combinations(found, 2):
        if not (a.marks.get("log") and b.marks.get("log")):
            continue
        if Path(a.path).resolve() == Path(b.path).resolve():
            continue
        common = originals.shared(a.marks, b.marks)
        for one, other in ((a, b), (b, a)) if common else ():
            if one.outcomes["CO4"].gate is None:
                one.outcomes["CO4"] = copied(Path(other.path).resolve().name, common)
