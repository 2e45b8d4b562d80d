"""The result as Markdown for the comment of a pull request: short, and harmless to the thread."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from proofolio.cards import markdown
from proofolio.rubric.report import cohort, text, view

MOST = 60_000  # characters; GitHub refuses comments over 65,536
_FIRST = 8  # remedies shown at once
_EVIDENCE = 3  # evidence lines a criterion


def write(result: Mapping[str, Any]) -> str:
    """Return Markdown: one project in full, several as a table with each one's first remedies."""
    projects = text.harmless(result)["projects"]
    blocks = _single(projects[0]) if len(projects) == 1 else _several(projects)
    return _fitting(list(blocks)) + "\n"


def _fitting(blocks: list[str]) -> str:
    """Join whole blocks up to what a comment may hold, and say so where some had to go."""
    kept, length = [], 0
    for index, block in enumerate(blocks):
        length += len(block) + 2
        if length > MOST:
            kept.append(
                f"*{len(blocks) - index} more blocks do not fit here: see the HTML report.*"
            )
            break
        kept.append(block)
    return "\n\n".join(kept)


def said(value: object) -> str:
    """Return text as literal Markdown that mentions nobody; `code` in it stays code.

    A word joiner breaks what the forge would turn into a mention or a reference.
    """
    pieces = str(value).split("`")
    if len(pieces) % 2 == 0:
        return _prose(str(value))
    return "".join(
        _prose(piece) if k % 2 == 0 else markdown.code(piece)
        for k, piece in enumerate(pieces)
        if piece
    )


def _prose(value: str) -> str:
    value = _unaddressed(value)
    before, after = (" " * end.isspace() for end in (value[:1], value[-1:]))
    return f"{before}{markdown.line(value)}{after}"


def _unaddressed(value: str) -> str:
    for mark in ("<!", "@", "#"):
        value = value.replace(mark, f"{mark}\u2060")
    return value


def _single(project: view.Project) -> Iterator[str]:
    yield f"## Grade of {markdown.code(view.name(project))}: {_grade(project)}"
    yield view.MEANING[project["grade"]]
    if project["provisional"]:
        yield view.PROVISIONAL
    if project["gates"]:
        yield "\n".join(
            f"- **Gate {said(gate['code'])}:** {said(gate['reason'])}" for gate in project["gates"]
        )
    yield profile(project)
    if step := view.next_step(project):
        yield said(step)
    yield from _since(project)
    yield from _fix_first(project)
    yield from _everything(project)


def _grade(project: view.Project) -> str:
    return f"{project['grade']}{' (provisional)' if project['provisional'] else ''}"


def profile(project: view.Project) -> str:
    """Return the table of points by section, the total last."""
    rows = [
        [said(s["title"]), f"{text.number(s['points'])} / {text.number(s['max'])}"]
        for s in project["sections"]
    ]
    rows.append(["**Total**", f"**{text.number(project['total'])} / 100**"])
    return markdown.table(["Section", "Points"], rows)


def _since(project: view.Project) -> Iterator[str]:
    since = project.get("since")
    if not since:
        return
    yield "### What changed"
    points = " → ".join(map(text.number, since["total"]))
    grade = " → ".join(dict.fromkeys(since["grade"]))
    yield f"Grade: {grade}. Total: {points}."
    lines = [f"- Gate mended: {said(code)}" for code in since["gates_mended"]]
    lines += [f"- Gate failed: {said(code)}" for code in since["gates_failed"]]
    for moved in since["criteria"]:
        status = " → ".join(view.STATUS[s][1].lower() for s in moved["status"])
        points = " → ".join(map(text.number, moved["points"]))
        lines.append(f"- {said(moved['code'])} {said(moved['title'])}: {status}, {points} points")
    yield "\n".join(lines) or "No criterion changed."


def _fix_first(project: view.Project) -> Iterator[str]:
    if view.remedies(project):
        yield "### What to fix first"
        yield remedies(project, _FIRST)


def remedies(project: view.Project, most: int) -> str:
    """Return the remedies that bring most, as a numbered list."""
    return "\n".join(
        f"1. **+{text.number(r.gain)}** {said(r.fix)} "
        f"({', '.join(_code(c, r.url) for c in r.criteria)}) {_read(r.criteria)}".rstrip()
        for r in view.remedies(project)[:most]
    )


def _read(criteria: Iterable[view.Criterion]) -> str:
    titles = [title for title, _ in view.read(criteria)]
    return f"Read: {', '.join(titles)}." if titles else ""


def _code(criterion: view.Criterion, url: str) -> str:
    allowed = text.address(url)
    if not allowed.startswith("http") or any(mark in allowed for mark in "()<> \\"):
        return said(criterion["code"])
    return f"[{said(criterion['code'])}]({allowed})"


def _everything(project: view.Project) -> Iterator[str]:
    for section, criteria in view.by_section(project):
        title = (
            f"{section['title']}: {text.number(section['points'])} / {text.number(section['max'])}"
        )
        yield f"<details>\n<summary>{escape(_unaddressed(title), quote=False)}</summary>"
        yield "\n".join(line for criterion in criteria for line in _criterion(criterion))
        yield "</details>"


def _criterion(criterion: view.Criterion) -> Iterator[str]:
    mark, status = view.STATUS[criterion["status"]]
    points = f"{text.number(criterion['points'])} / {text.number(criterion['max'])}"
    told = criterion.get("question") if criterion["status"] == "human" else criterion["message"]
    told = f": {said(told)}" if told else ""
    title = said(f"{criterion['code']} {criterion['title']}")
    yield f"- {mark} {status}, {points}: **{title}**{told}"
    for item in criterion["evidence"][:_EVIDENCE]:
        yield f"    - {markdown.code(item)}"
    if len(criterion["evidence"]) > _EVIDENCE:
        yield f"    - and {len(criterion['evidence']) - _EVIDENCE} more"


def _several(projects: list[view.Project]) -> Iterator[str]:
    yield f"## Grades of {len(projects)} projects"
    yield ", ".join(f"{grade}: {count}" for grade, count in cohort.grades(projects))
    rows = [
        [
            markdown.code(view.name(p)),
            _grade(p),
            text.number(p["total"]),
            ", ".join(dict.fromkeys(said(g["code"]) for g in p["gates"])),
            said(remedy.fix) if (remedy := next(iter(view.remedies(p)), None)) else "",
        ]
        for p in projects
    ]
    for start in range(0, len(rows), 50):
        header = ["Project", "Grade", "Total", "Gates", "Fix first"]
        yield markdown.table(header, rows[start : start + 50])
    yield "### What the class gets wrong"
    worst = [d for d in cohort.distributions(projects) if d.lost][:10]
    header = ["Criterion", "Fail", "Partial", "Pass", "Points lost"]
    yield markdown.table(
        header,
        [
            [
                f"{said(d.criterion['code'])} {said(d.criterion['title'])}",
                *(str(d.counts[status]) for status in ("fail", "partial", "pass")),
                f"{100 * d.lost:.0f} %",
            ]
            for d in worst
        ],
    )
