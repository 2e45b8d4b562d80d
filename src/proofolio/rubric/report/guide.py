"""The page of all criteria for the site, from criteria.yaml: what counts, why, and how to mend."""

from collections.abc import Iterator

from proofolio.cards import markdown
from proofolio.rubric import reasons
from proofolio.rubric.criteria import Criterion, Section, rubric
from proofolio.rubric.report import sources, view

_HOW = {
    "automatic": "checked by the grader",
    "documented": "read from a statement",
    "human": "judged by a person",
}
MARK = "<!-- Written by `python -m proofolio.rubric.report.site`: do not edit. -->"


def page() -> str:
    """Return the Markdown of the page; every criterion has its code as anchor."""
    return "\n\n".join([MARK, *_head(), *_grades(), *_sections(), *_leaks(), *_sources()]) + "\n"


def anchored(code: str) -> str:
    """Return a link to a criterion on this page."""
    return f"[{code}](#{code.lower()})"


def said(text: str) -> str:
    """Return a text of criteria.yaml as Markdown; what stands between backticks stays code."""
    return "`".join(
        piece if k % 2 else piece.replace("*", r"\*").replace("<", "&lt;")
        for k, piece in enumerate(text.split("`"))
    )


def _head() -> Iterator[str]:
    human = sum(c.how == "human" for c in rubric().criteria)
    yield "# The rubric"
    yield (
        f"{len(rubric().criteria)} criteria in {len(rubric().sections)} sections grade a "
        "deep-learning portfolio project: one that was made with Proofolio, or any other. "
        f"{human} of them are judged by a person; the rest is read from the repository. "
        "The command line, the reports and the [sheet to print](sheet.html) say the same, because "
        "all are written from one file. Mentors begin with "
        "[Grade in 15 minutes](mentor.md)."
    )
    rows = [
        [f"[{s.title}](#section-{s.code.lower()})", str(s.weight), _codes(_of(s))]
        for s in rubric().sections
    ]
    yield markdown.table(["Section", "Points", "Criteria"], rows)
    yield (
        "A criterion belongs to a phase of the work, so that a project can be graded at a "
        "checkpoint, not only at its end:"
    )
    phases = [
        [title, _codes([c for c in rubric().criteria if c.phase == code])]
        for code, title in view.PHASES.items()
    ]
    yield markdown.table(["Phase", "Criteria"], phases)


def _grades() -> Iterator[str]:
    yield "## How points become a grade"
    yield markdown.table(["Grade", "What it means"], [[g, m] for g, m in view.MEANING.items()])
    gates = [c for c in rubric().criteria if c.gate]
    yield (
        f"{len(gates)} criteria are **gates**: {_codes(gates)}. Where one is broken, the grade is "
        "*not yet*, whatever the total. What is merely missing loses points; a gate fails on what "
        "is shown to be wrong, and where nobody can recompute the metrics (BU2)."
    )
    yield (
        "Evidence that a machine can check earns all points of a criterion, a statement in prose "
        "half, a placeholder none. *Not applicable* needs a sentence, and the criterion leaves the "
        "total. The four levels of a criterion that a person judges are worth none, a third, two "
        "thirds and all of its points. A grade is **provisional** until all of these are answered."
    )
    yield (
        "An author who leaves a criterion unmet can say why under `reasons` in project.yaml, by "
        f"its code (`reasons: {{TO1: ...}}`). A sentence of {reasons.SHORTEST} characters or more "
        "earns half and is shown in the report, unless the criterion is a gate or the evidence is "
        f"shown to be wrong. A project with more than {reasons.MOST} reasons earns nothing by them."
    )
    yield (
        "The grader is graded too: [each criterion has a planted fault](mutants.md) that must turn "
        "it red, and nothing else without a reason."
    )


def _sections() -> Iterator[str]:
    for section in rubric().sections:
        yield f"## {section.title} {{ #section-{section.code.lower()} }}"
        for criterion in _of(section):
            yield from _criterion(criterion)


def _criterion(criterion: Criterion) -> Iterator[str]:
    yield f"### {criterion.code} {said(criterion.title)} {{ #{criterion.code.lower()} }}"
    yield said(criterion.why)
    noun = "point" if criterion.points == 1 else "points"
    facts = [
        f"**{criterion.points} {noun}**, {view.PHASES[criterion.phase].lower()} phase, "
        f"{_HOW[criterion.how]}{'; a gate' if criterion.gate else ''}.",
        f"**What counts:** {said(criterion.evidence)}.",
        f"**How to mend it:** {said(criterion.fix)}",
    ]
    links = [f"[{rubric().guides[name]}](../guides/{name}.md)" for name in criterion.guide]
    facts.append(f"**Read:** {', '.join(links)}.")
    if criterion.sources:
        facts.append(f"**Asked also by:** {'; '.join(criterion.sources)}.")
    yield "\n".join(f"- {fact}" for fact in facts)
    if criterion.levels:
        yield f"**Ask:** {said(criterion.question or '')}"
        rows = [[str(number), said(level)] for number, level in enumerate(criterion.levels)]
        yield markdown.table(["Level", "What you hear or read"], rows)


def _leaks() -> Iterator[str]:
    yield "## Types of leakage"
    yield (
        "Kapoor and Narayanan (2023) found the same few leaks across seventeen fields of science. "
        "Each type has a criterion here:"
    )
    rows = [
        [source.split(":")[1].strip().capitalize(), f"{anchored(c.code)} {said(c.title)}"]
        for c in rubric().criteria
        for source in c.sources
        if sources.work(source) == sources.LEAKS
    ]
    yield markdown.table(["Type", "Criterion"], sorted(rows))


def _sources() -> Iterator[str]:
    yield "## Works the criteria refer to"
    yield "\n".join(
        f"- **{name}:** [{title}]({url})" for name, (title, url) in sources.SOURCES.items()
    )


def _of(section: Section) -> list[Criterion]:
    return [c for c in rubric().criteria if c.section == section.code]


def _codes(criteria: list[Criterion]) -> str:
    return ", ".join(anchored(c.code) for c in criteria)
