"""The rubric's pages of the site, from criteria.yaml: `python -m proofolio.rubric.report.site`.

In the folder (default docs/rubric): `index.md` (all criteria), `sheet.html` (to print), the marked
block of `mentor.md` and, where `example/result.json` is, `example/report.html`. With `--check`
nothing is written and stale pages are named, exit 1.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from proofolio import files
from proofolio.cards import markdown
from proofolio.contract import ProjectError
from proofolio.rubric import answers
from proofolio.rubric.report import comment, guide, html, sheet, text

FOLDER = Path("docs/rubric")
_BLOCK = re.compile(r"(<!-- example -->).*(<!-- /example -->)", re.DOTALL)


def pages(folder: Path) -> dict[str, str]:
    """Return {file name: text} of every page that is made, from what stands in the folder.

    Raises:
        ProjectError: `mentor.md` has no place for the example, or its answers cannot be read.
    """
    made = {"index.md": guide.page(), "sheet.html": sheet.page()}
    mentor = (folder / "mentor.md").read_text(encoding="utf-8")
    if not _BLOCK.search(mentor):
        raise ProjectError(
            f"{folder / 'mentor.md'} has no place for the example",
            expected="<!-- example --> and <!-- /example -->",
            remedy="put the two marks where the worked example belongs",
        )
    block = "\n\n".join(["", *_example(folder / "example"), ""])
    made["mentor.md"] = _BLOCK.sub(lambda found: f"{found[1]}{block}{found[2]}", mentor)
    if (folder / "example" / "result.json").is_file():
        result = files.read_json(folder / "example" / "result.json")
        made["example/report.html"] = html.write(result)
    return made


def stale(folder: Path) -> list[str]:
    """Return the names of the pages that differ from what is to be written."""

    def current(name: str, page: str) -> bool:
        path = folder / name
        return path.is_file() and path.read_text(encoding="utf-8") == page

    return [name for name, page in pages(folder).items() if not current(name, page)]


def _example(folder: Path) -> Iterator[str]:
    graded = answers.read(folder / "answers.yaml")
    (project,) = graded.projects
    levels = {criterion.code: criterion for criterion in answers.questions()}
    rows = [
        [
            f"[{code}](index.md#{code.lower()})",
            f"{answer.level}: {guide.said((levels[code].levels or ())[answer.level or 0])}",
            guide.said(answer.note),
        ]
        for code, answer in graded.of(project).items()
    ]
    yield "<!--not-a-claim: levels and a mentor's words on them, no measurement-->"
    yield markdown.table(["Criterion", "Level", "Why"], rows)
    if (folder / "result.json").is_file():
        (graded_project,) = text.harmless(files.read_json(folder / "result.json"))["projects"]
        yield (
            "Together with what the grader read by itself this gives "
            f"**{graded_project['grade']}** ([the whole report](example/report.html)):"
        )
        yield comment.profile(graded_project)
        yield "What to fix first, by the points it brings:"
        yield comment.remedies(graded_project, 3)


def main(arguments: list[str]) -> int:
    """Write or check the pages; return the exit status."""
    check = "--check" in arguments
    folder = Path(next((a for a in arguments if not a.startswith("-")), FOLDER))
    names = stale(folder)
    for name in names:
        if not check:
            files.write_text(folder / name, pages(folder)[name])
        print(f"{folder / name}: {'stale' if check else 'written'}")
    return 1 if check and names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
