"""What a whole class gets right and wrong: grades, gates, and the statuses of every criterion."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proofolio.rubric.report import view


@dataclass(frozen=True)
class Distribution:
    """One criterion over all projects.

    `counts` has every status; `lost` is the mean share of its points not earned (0 to 1) over the
    projects where it was judged, None where it was judged nowhere.
    """

    criterion: view.Criterion
    counts: dict[str, int]
    lost: float | None


def distributions(projects: Sequence[view.Project]) -> list[Distribution]:
    """Return every criterion over the projects, the one that loses the largest share first."""
    met: dict[str, list[view.Criterion]] = {}
    for project in projects:
        for criterion in project["criteria"]:
            met.setdefault(criterion["code"], []).append(criterion)
    found = [_distribution(criteria) for criteria in met.values()]
    return sorted(found, key=lambda d: -1 if d.lost is None else d.lost, reverse=True)


def grades(projects: Sequence[view.Project]) -> list[tuple[str, int]]:
    """Return (grade, number of projects), best first."""
    counts = Counter(project["grade"] for project in projects)
    return [(grade, counts[grade]) for grade in reversed(view.MEANING)]


def gates(projects: Sequence[view.Project]) -> list[tuple[str, list[view.Project]]]:
    """Return (code, projects that fail it), the most frequent first."""
    failing: dict[str, list[view.Project]] = {}
    for project in projects:
        for code in dict.fromkeys(gate["code"] for gate in project["gates"]):
            failing.setdefault(code, []).append(project)
    return sorted(failing.items(), key=lambda entry: (-len(entry[1]), entry[0]))


def sections(projects: Sequence[view.Project]) -> list[dict[str, Any]]:
    """Return code, title and largest `max` of every section that occurs, in the order met."""
    met: dict[str, dict[str, Any]] = {}
    for section in (s for project in projects for s in project["sections"]):
        known = met.setdefault(section["code"], {**section})
        known["max"] = max(known["max"], section["max"])
    return list(met.values())


def criteria(projects: Sequence[view.Project]) -> list[str]:
    """Return the code of every criterion that occurs, in the order met."""
    return list(dict.fromkeys(c["code"] for project in projects for c in project["criteria"]))


def _distribution(criteria: list[view.Criterion]) -> Distribution:
    counts = Counter(c["status"] for c in criteria)
    judged = [c for c in criteria if c["status"] in ("pass", "partial", "fail") and c["max"]]
    lost = sum(view.lost(c) / c["max"] for c in judged) / len(judged) if judged else None
    return Distribution(criteria[0], {status: counts[status] for status in view.STATUS}, lost)
