"""The result as CSV: a row a project, for the table of a gradebook."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from proofolio.rubric.report import cohort, text, view

_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four are full-width


def write(result: Mapping[str, Any]) -> str:
    """Return CSV: path, grade, provisional, total, gates, then sections and criteria as points.

    A criterion that is not applicable is "na"; one that waits for a person, or that this project
    has not, is empty. Text that a spreadsheet would run as a formula starts with an apostrophe.
    """
    projects = text.harmless(result)["projects"]
    sections = [section["code"] for section in cohort.sections(projects)]
    criteria = cohort.criteria(projects)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["path", "grade", "provisional", "total", "gates"]
    writer.writerow(map(guarded, [*head, *(f"section {code}" for code in sections), *criteria]))
    for project in projects:
        writer.writerow(map(guarded, _row(project, sections, criteria)))
    return out.getvalue()


def guarded(value: object) -> object:
    """Return a cell that no spreadsheet evaluates; numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" \"'").startswith(_FORMULA):
        return f"'{value}"
    return value


def _row(project: view.Project, sections: list[str], criteria: list[str]) -> list[object]:
    points = {section["code"]: section["points"] for section in project["sections"]}
    met = {criterion["code"]: criterion for criterion in project["criteria"]}
    gates = " ".join(dict.fromkeys(gate["code"] for gate in project["gates"]))
    provisional = "yes" if project["provisional"] else "no"
    row = [project["path"], project["grade"], provisional, _plain(project["total"]), gates]
    row += [_plain(points[code]) if code in points else "" for code in sections]
    return row + [_points(met.get(code)) for code in criteria]


def _plain(points: float) -> float | int:
    return int(points) if float(points).is_integer() else round(points, 2)


def _points(criterion: view.Criterion | None) -> object:
    if criterion is None or criterion["status"] == "human":
        return ""
    return "na" if criterion["status"] == "na" else _plain(criterion["points"])
