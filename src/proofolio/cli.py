"""`proofolio`: the proof from the command line. Every command takes a project's root folder.

Exit status: 0 in order, 1 something checked is broken, 2 refused with the remedy.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro

from proofolio import stages
from proofolio.contract import ClaimError, Layout, ProofError

Root = Annotated[Path, tyro.conf.Positional]

app = tyro.extras.SubcommandApp()


@app.command
def split(project: Root = Path()) -> None:
    """Make the splits that project.yaml names, from the prepared table."""
    stages.split(project)


@app.command
def audit(project: Root = Path()) -> None:
    """Look for leaks and shortcuts (test stays sealed) and record the findings.

    A finding that fails ends it with 1; a warning does not.
    """
    if stages.audit(project):
        sys.exit(1)


@app.command
def select(project: Root = Path()) -> None:
    """Choose on val, write selection.json and commit it."""
    stages.select(project)


@app.command
def evaluate(
    project: Root = Path(), reason: str = "final evaluation of the committed selection"
) -> None:
    """Open the test set once, for the committed selection.

    Args:
        project: the project's root folder.
        reason: why test is opened; recorded with the time and the commit.
    """
    stages.evaluate(project, reason=reason)


@app.command
def claims(
    action: Annotated[Literal["write", "check"], tyro.conf.Positional],
    project: Root = Path(),
    strict: bool = False,
) -> None:
    """Write or check the numbers bound in Markdown.

    Args:
        action: write refreshes bound text from evidence, check compares it.
        project: the project's root folder.
        strict: also fail on digits beside a metric word that nothing binds.
    """
    from proofolio import claims as room

    if not room.pages(project):
        raise ClaimError(
            "there is no page to look at",
            expected="README.md, a card or docs/*.md",
            received=str(project),
            remedy="name a project's root folder",
        )
    if action == "write":
        print(f"claims: {room.write(project)} file(s) changed")
        return
    problems = room.check(project, strict=strict)
    for problem in problems:
        print(problem)
    failing = [p for p in problems if strict or not p.warning]
    print(f"claims: {len(failing)} problem(s), {len(problems) - len(failing)} warning(s)")
    sys.exit(1 if failing else 0)


@app.command
def cards(project: Root = Path()) -> None:
    """Write results, figures, MODEL_CARD.md, DATA_CARD.md and the text of every claim."""
    stages.cards(project)


@app.command
def pages(project: Root = Path(), into: Path | None = None, notebooks: bool = False) -> None:
    """Write the project's result page.

    Args:
        project: the project's root folder.
        into: folder for the page; default docs/result/ of the project.
        notebooks: run notebooks/ and show them as pages; one that has not changed is kept.
    """
    stages.pages(project, into, notebooks=notebooks)


@app.command
def promote(project: Root = Path(), *, model: str = "champion", by: str) -> None:
    """Mark a registered model deploy-ready, with the name of the human who approves.

    Args:
        project: the project's root folder.
        model: name in the registry.
        by: who approves.
    """
    from proofolio import evidence

    evidence.promote(Layout(project), model, by)
    print(f"promote: {model} is deploy-ready, approved by {by}")


@app.command
def rollback(project: Root = Path(), *, model: str = "champion", by: str | None = None) -> None:
    """Go back to the model that was promoted before the present one.

    Args:
        project: the project's root folder.
        model: name in the registry.
        by: who goes back; kept in the history.
    """
    from proofolio import evidence

    entry = evidence.rollback(Layout(project), model, by)
    told = ", ".join(entry["tags"]) + f", {entry['weights']} of {entry['run']}"
    print(f"rollback: {model} is {told}")


@app.command
def verify(project: Root = Path()) -> None:
    """Check every rule of the evidence contract; exit 1 with a list of what is broken."""
    sys.exit(1 if stages.verify(project).problems else 0)


@app.command
def grade(
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional] = (Path(),),
    format: Literal["rich", "json", "html", "markdown", "csv"] = "rich",
    answers: tuple[Path, ...] = (),
    since: Path | None = None,
    out: Path | None = None,
    full: bool = False,
    execute: bool = False,
    jobs: int = 1,
    min_grade: Literal["sound", "strong", "exemplary"] | None = None,
    cache: bool = True,
    guide: str = "",
) -> None:
    """Grade projects by the rubric; they are read, not run.

    Args:
        paths: folders of projects, or text files with one folder per line.
        format: how the report is written.
        answers: answers to the human criteria (YAML), one file per mentor.
        since: an earlier report (JSON), to say what changed.
        out: file for the report, or a folder of pages for html; default the terminal.
        full: draw intervals again and recompute every result.
        execute: run each project's tests in a copy, with limits on time and memory.
        jobs: projects graded at a time.
        min_grade: exit 1 where a project is below this grade.
        cache: use and keep grades of unchanged projects in the user's cache folder.
        guide: address of the site (https://...), so that the report links to its guides.
    """
    from proofolio.rubric import command

    report = command.run(
        paths,
        answers=answers,
        since=since,
        full=full,
        run_tests=execute,
        jobs=jobs,
        use_cache=cache,
        guide=guide,
    )
    command.show(report, format, out)
    sys.exit(1 if command.below(report, min_grade) else 0)


def main() -> None:
    """Run the command line; a refusal is printed without a traceback."""
    try:
        app.cli(prog="proofolio", description=__doc__)
    except ProofError as error:
        print(f"proofolio: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
