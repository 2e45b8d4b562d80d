"""The result for a terminal, by rich: profile, gates, what to fix first, then what lost points."""

import io
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from proofolio.rubric.report import cohort, text, view

_COLOUR = {"not yet": "red", "sound": "yellow", "strong": "green", "exemplary": "bold green"}
_MARK = {"pass": "green", "partial": "yellow", "fail": "red", "na": "dim", "human": "cyan"}
_BAR, _FIRST, _EVIDENCE, _WORST = 20, 5, 3, 10


def write(
    result: Mapping[str, Any], *, colour: bool | None = None, width: int | None = None
) -> str:
    """Return text for a terminal.

    Args:
        result: What was graded.
        colour: With escapes for colour; default: if standard output is a terminal.
        width: Columns; default: those of the terminal.
    """
    out = io.StringIO()
    colour = sys.stdout.isatty() if colour is None else colour
    width = width or shutil.get_terminal_size((100, 24)).columns
    console = Console(
        file=out, force_terminal=colour, no_color=not colour, width=width, legacy_windows=False,
        markup=False, highlight=False, emoji=False,
    )  # fmt: skip
    projects = text.harmless(result)["projects"]
    for project in projects if len(projects) <= _WORST else ():
        for part in _project(project):
            console.print(part)
    if not projects:
        console.print("No project was graded.")
    if len(projects) > 1:
        for part in _cohort(projects):
            console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _project(project: view.Project) -> Iterable[RenderableType]:
    yield Text.assemble("\n", (view.name(project), "bold"), "  ", (project["path"], "dim"))
    yield _grade(project)
    for gate in project["gates"]:
        yield _indented(Text.assemble((f"Gate {gate['code']}: ", "bold red"), gate["reason"]))
    for note in project.get("notes", ()):
        yield _indented(Text(note, "dim"))
    yield _profile(project)
    if step := view.next_step(project):
        yield _indented(Text(step))
    yield from _since(project)
    found = view.remedies(project)
    if found:
        yield Text("\nWhat to fix first", "bold")
        yield _list((f"+{text.number(r.gain)}", _remedy(r)) for r in found[:_FIRST])
    yield Text("\nEvery criterion", "bold")
    for _, criteria in view.by_section(project):
        for criterion in criteria:
            yield from _criterion(criterion)


def _list(rows: Iterable[tuple[str, Text]]) -> Padding:
    """Lay out rows whose text wraps beside its figure."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="bold", no_wrap=True)
    table.add_column()
    for figure, told in rows:
        table.add_row(figure, told)
    return _indented(table)


def _remedy(remedy: view.Remedy) -> Text:
    codes = ", ".join(c["code"] for c in remedy.criteria)
    titles = ", ".join(title for title, _ in view.read(remedy.criteria))
    told = f"({codes}) Read: {titles}" if titles else f"({codes})"
    return Text.assemble(f"{remedy.fix} ", (told, "dim"))


def _grade(project: view.Project) -> Text:
    grade = project["grade"]
    told = f" (provisional). {view.MEANING[grade]} {view.PROVISIONAL}"
    if not project["provisional"]:
        told = f". {view.MEANING[grade]}"
    return Text.assemble("Grade: ", (grade, _COLOUR[grade]), told)


def _indented(what: RenderableType, by: int = 2) -> Padding:
    return Padding(what, (0, 0, 0, by))


def _profile(project: view.Project) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("Section")
    table.add_column("Share", no_wrap=True)
    table.add_column("Points", justify="right", no_wrap=True)
    for section in project["sections"]:
        filled = round(_BAR * view.share(section["points"], section["max"]))
        bar = Text("█" * filled).append("·" * (_BAR - filled), "dim")
        table.add_row(Text(section["title"]), bar, _points(section))
    table.add_section()
    table.add_row(Text("Total", "bold"), "", Text(f"{text.number(project['total'])} / 100", "bold"))
    return table


def _points(entry: Mapping[str, Any]) -> Text:
    return Text(f"{text.number(entry['points'])} / {text.number(entry['max'])}")


def _since(project: view.Project) -> Iterable[RenderableType]:
    since = project.get("since")
    if not since:
        return
    yield Text("\nWhat changed", "bold")
    total = " → ".join(map(text.number, since["total"]))
    grade = " → ".join(dict.fromkeys(since["grade"]))
    yield _indented(Text(f"Grade: {grade}. Total: {total}."))
    for code in since["gates_mended"]:
        yield _indented(Text(f"Gate mended: {code}", "green"))
    for code in since["gates_failed"]:
        yield _indented(Text(f"Gate failed: {code}", "red"))
    for moved in since["criteria"]:
        before, now = moved["status"]
        points = " → ".join(map(text.number, moved["points"]))
        yield _indented(Text(f"{moved['code']} {moved['title']}: {before} → {now}, {points}"))


def _criterion(criterion: view.Criterion) -> Iterable[RenderableType]:
    status = criterion["status"]
    mark, word = view.STATUS[status]
    head = Text.assemble(
        (f"{mark} ", _MARK[status]), f"{criterion['code']} {criterion['title']} ",
        ("[", "dim"), (word.lower(), _MARK[status]), ", ", _points(criterion), ("]", "dim"),
    )  # fmt: skip
    yield _indented(head)
    if status in ("pass", "na"):
        return
    told = criterion.get("question") if status == "human" else criterion["message"]
    if told:
        yield _indented(Text(told), 4)
    for item in criterion["evidence"][:_EVIDENCE]:
        yield _indented(Text(item, "dim"), 4)
    if len(criterion["evidence"]) > _EVIDENCE:
        yield _indented(Text(f"and {len(criterion['evidence']) - _EVIDENCE} more", "dim"), 4)


def _cohort(projects: list[view.Project]) -> Iterable[RenderableType]:
    yield Text(f"\n{len(projects)} projects", "bold")
    yield Text(", ".join(f"{grade}: {count}" for grade, count in cohort.grades(projects)))
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in ("Project", "Grade", "Gates"):
        table.add_column(column, overflow="fold")
    table.add_column("Total", justify="right")
    for project in projects:
        grade = Text(project["grade"], _COLOUR[project["grade"]])
        grade.append(" (provisional)" if project["provisional"] else "", "dim")
        gates = ", ".join(dict.fromkeys(gate["code"] for gate in project["gates"]))
        total = text.number(project["total"])
        table.add_row(Text(view.name(project)), grade, Text(gates), total)
    yield table
    yield Text("What the class gets wrong", "bold")
    worst = [d for d in cohort.distributions(projects) if d.lost][:_WORST]
    yield _list((f"{100 * d.lost:.0f} % lost", _counted(d)) for d in worst)


def _counted(found: cohort.Distribution) -> Text:
    told = ", ".join(f"{found.counts[status]} {status}" for status in ("fail", "partial", "pass"))
    return Text(f"{found.criterion['code']} {found.criterion['title']}: {told}")
