"""The texts of a project's result pages: the first screen, then a page for each chapter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from proofolio.cards import markdown
from proofolio.figures import Drawing, Facts
from proofolio.pages import chapters, parts, summary

Drawings = Mapping[str, Drawing]
Sheets = Sequence[tuple[str, str]]
More = Mapping[str, Sequence[tuple[str, str]]]
_STEP = 10  # between the chapters' places in a navigation, so that others fit in between
_MADE = "<!-- Written by `proofolio pages` from evidence/ and project.yaml: do not edit. -->"


@dataclass(frozen=True)
class Chapter:
    """A page beside the result page: its file, its title, what stands there, and its blocks."""

    name: str
    title: str
    about: str
    blocks: Callable[[Facts, Drawings, Sheets], Iterator[str]]


CHAPTERS = (
    Chapter(
        "data_and_split.md",
        "Data, split and audit",
        "where the examples come from, why no unit stands on two sides, what the audit found",
        lambda facts, drawings, sheets: chapters.data(facts, drawings),
    ),
    Chapter(
        "experiments.md",
        "Learning curves and experiments",
        "how training went, and each experiment with what it expected, negatives included",
        lambda facts, drawings, sheets: chapters.experiments_made(facts, drawings),
    ),
    Chapter(
        "decision.md",
        "Calibration and decision",
        "what a probability means, where the threshold stands, what other policies would cost",
        lambda facts, drawings, sheets: chapters.decision(facts, drawings),
    ),
    Chapter(
        "errors_and_slices.md",
        "Errors and slices",
        "where it is wrong: by class, by group, example by example",
        chapters.errors,
    ),
    Chapter(
        "reproducibility.md",
        "Reproducibility sheet",
        "commit, hashes, environment, hardware, wall time, and how often test was opened",
        lambda facts, drawings, sheets: chapters.reproducibility(facts),
    ),
)


def texts(
    facts: Facts, drawings: Drawings, sheets: Sheets = (), more: More | None = None
) -> dict[str, str]:
    """Return every page by file name, claims still empty.

    Args:
        facts: The project's evidence.
        drawings: Its figures by name.
        sheets: File name and caption of each picture sheet.
        more: Address and title of each further page, by what they are.
    """
    made = {"index.md": _joined(_index(facts, drawings, more or {}))}
    for place, chapter in enumerate(CHAPTERS, 1):
        made[chapter.name] = _joined(_chapter(facts, drawings, sheets, chapter, _STEP * place))
    return made


def _joined(blocks: Iterator[str]) -> str:
    return "\n\n".join(filter(None, blocks)) + "\n"


def _index(facts: Facts, drawings: Drawings, more: More) -> Iterator[str]:
    title = facts.project.title
    yield parts.front(title, facts.project.problem.statement)
    yield _MADE
    yield f"# {markdown.line(title)}"
    yield from _first_screen(facts, drawings)
    yield from _contents(more)
    yield from chapters.ladder(facts, drawings)
    yield "## What it is not for"
    yield markdown.paragraphs(facts.project.problem.not_for)


def _chapter(
    facts: Facts, drawings: Drawings, sheets: Sheets, chapter: Chapter, place: int
) -> Iterator[str]:
    about = f"{chapter.title} of {facts.project.title}: {chapter.about}."
    yield parts.front(chapter.title, about, place)
    yield _MADE
    yield f"# {chapter.title}"
    if facts.project.demo_data:
        yield parts.demo_data()
    told = f"{chapter.about[:1].upper()}{chapter.about[1:]}."
    yield f"{told} The result: [{markdown.line(facts.project.title)}](index.md)."
    yield from chapter.blocks(facts, drawings, sheets)


def _first_screen(facts: Facts, drawings: Drawings) -> Iterator[str]:
    problem = facts.project.problem
    if facts.project.demo_data:
        yield parts.demo_data()
    yield '<div class="proof-screen" markdown>'
    yield f"**Problem.** {markdown.line(problem.statement)}"
    yield f"**Decision it supports.** {markdown.line(problem.decision)}"
    yield '<div class="proof-beside" markdown>\n<div markdown>'
    yield from summary.table(facts)
    yield "</div>\n<div markdown>"
    yield from parts.figure(drawings, f"headline_{facts.project.package}", brief=True)
    yield "</div>\n</div>"
    yield f"**The strongest limit.** {markdown.line(problem.limit)}"
    yield (
        f"**Reproduce it**, in a copy of the project with its data in place: "
        f"`python -m {facts.project.package} all`"
    )
    yield "</div>"


def _contents(more: More) -> Iterator[str]:
    yield "## What stands behind it"
    told = [f"- [{c.title}]({c.name}): {c.about}" for c in CHAPTERS]
    cards = [("model_card.md", "Model card"), ("data_card.md", "Data card")]
    for what, listed in {**more, "Cards": cards}.items():
        if listed:
            told.append(f"- {what}: {'; '.join(f'[{title}]({at})' for at, title in listed)}")
    yield "\n".join(told)
