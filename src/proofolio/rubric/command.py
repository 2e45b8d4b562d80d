"""`proofolio grade`: paths in, a report out, and the exit status."""

import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from proofolio import files
from proofolio.contract import ProjectError
from proofolio.rubric import answers as mentor
from proofolio.rubric import cache, cohort, execute, parsing
from proofolio.rubric.criteria import GRADES
from proofolio.rubric.workers import Asked


def run(
    given: Sequence[Path],
    *,
    answers: Sequence[Path] = (),
    since: Path | None = None,
    full: bool = False,
    run_tests: bool = False,
    jobs: int = 1,
    use_cache: bool = True,
    guide: str = "",
) -> dict[str, Any]:
    """Grade folders, or those that a text file lists, and return the report (schema 1).

    Args:
        given: Folders or lists of folders.
        answers: Answers to the human criteria, one file per mentor.
        since: An earlier report as JSON; each project then says what changed.
        full: Draw intervals again and recompute every result.
        run_tests: Run each project's tests in a copy.
        jobs: Projects graded at a time.
        use_cache: Keep grades by content in the user's cache folder and use those kept.
        guide: Address of the site, for links to the guides.

    Raises:
        ProjectError: a path, the answers or the earlier report cannot be used.
    """
    folders = cohort.paths(given)
    human = [mentor.read(path) for path in answers]
    before = _earlier(since) if since else None
    asked = Asked(full=full, cache=cache.folder() if use_cache else None)
    with _progress(len(folders)) as done:
        then = execute.run if run_tests else None
        report = cohort.report(folders, asked, jobs=jobs, given=human, then=then, done=done)
    if guide:
        report["guide"] = guide
    if before is None:
        return report
    from proofolio.rubric.report import changes

    return changes.attach(report, before)


def show(report: dict[str, Any], name: str, out: Path | None = None) -> None:
    """Print a report in a format, or write it into a file; HTML of several goes into a folder."""
    from proofolio.rubric.report import FORMATS, folder

    if out is not None and name == "html" and (out.is_dir() or not out.suffix):
        folder(report, out)
        return
    text = FORMATS[name](report)
    if out is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    else:
        files.write_text(out, text)


def below(report: dict[str, Any], grade: str | None) -> list[str]:
    """Return the paths of projects below a grade; none is asked for: none."""
    least = GRADES.index(grade) if grade else 0
    return [p["path"] for p in report["projects"] if GRADES.index(p["grade"]) < least]


def _earlier(path: Path) -> dict[str, Any]:
    try:
        found = parsing.read_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path} is no earlier report",
            received=str(error),
            remedy="write one with proofolio grade --format json --out previous.json",
        ) from None
    return found if isinstance(found, dict) else {}


@contextmanager
def _progress(total: int) -> Any:
    """Show a bar on a terminal where several projects are graded."""
    quiet: Callable[[str], None] = lambda path: None  # noqa: E731
    if total < 2 or not sys.stderr.isatty():
        yield quiet
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("grade", total=total)
        yield lambda path: bar.advance(task)


__all__ = ["below", "run", "show"]
