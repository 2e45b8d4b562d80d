"""What changed since the last submission: the same project in an earlier result."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from proofolio.contract import ProjectError
from proofolio.rubric.report import view

Result = Mapping[str, Any]


def attach(result: Result, previous: Result) -> dict[str, Any]:
    """Return `result` with `since` at every project that `previous` holds.

    A project is found again by its path, then by its name if that is unique on both sides; two
    results of one project each are compared whatever the paths.

    Raises:
        ProjectError: `previous` is no result of schema 1.
    """
    _check(previous)
    now, before = result["projects"], previous["projects"]
    paths = {project["path"]: project for project in before}
    names = {view.name(project): project for project in before}
    unique = _unique(now) & _unique(before)

    def earlier(project: view.Project) -> view.Project | None:
        if len(now) == len(before) == 1:
            return before[0]
        if project["path"] in paths:
            return paths[project["path"]]
        return names[view.name(project)] if view.name(project) in unique else None

    pairs = ((project, earlier(project)) for project in now)
    projects = [{**p, "since": compare(p, old)} if old else dict(p) for p, old in pairs]
    return {**result, "projects": projects}


def compare(project: view.Project, before: view.Project) -> dict[str, Any]:
    """Return the entry `since` (see schema.json): grade, total, gates and criteria that moved."""
    gates, old_gates = ([gate["code"] for gate in p["gates"]] for p in (project, before))
    old = {criterion["code"]: criterion for criterion in before["criteria"]}
    pairs = [(c, old[c["code"]]) for c in project["criteria"] if c["code"] in old]
    moved = [
        {
            "code": criterion["code"],
            "title": criterion["title"],
            "status": [earlier["status"], criterion["status"]],
            "points": [earlier["points"], criterion["points"]],
        }
        for criterion, earlier in pairs
        if (criterion["status"], criterion["points"]) != (earlier["status"], earlier["points"])
    ]
    return {
        "grade": [before["grade"], project["grade"]],
        "total": [before["total"], project["total"]],
        "gates_mended": [code for code in dict.fromkeys(old_gates) if code not in gates],
        "gates_failed": [code for code in dict.fromkeys(gates) if code not in old_gates],
        "criteria": sorted(moved, key=lambda m: m["points"][0] - m["points"][1]),
    }


def _unique(projects: list[view.Project]) -> set[str]:
    return {name for name, times in Counter(map(view.name, projects)).items() if times == 1}


def _check(previous: Any) -> None:
    if isinstance(previous, Mapping) and previous.get("schema") == 1:
        needed = {"path", "grade", "total", "gates", "criteria"}
        projects = previous.get("projects")
        if isinstance(projects, list) and all(
            isinstance(p, Mapping) and needed <= set(p) for p in projects
        ):
            return
    said = previous.get("schema", "no schema") if isinstance(previous, Mapping) else previous
    raise ProjectError(
        "the earlier result cannot be compared",
        expected="what `proofolio grade --format json` printed, schema 1",
        received=str(said)[:60],
        remedy="grade the earlier state again with this version and keep its JSON",
    )
