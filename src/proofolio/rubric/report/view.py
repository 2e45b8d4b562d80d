"""What every format shows of a graded project: the grade in words, remedies by gain, phases."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from proofolio.rubric.criteria import LEAST, rubric

Project = Mapping[str, Any]
Criterion = Mapping[str, Any]

PHASES = {"define": "Define", "data": "Data", "train": "Train", "report": "Report"}
STATUS = {
    "pass": ("✓", "Pass"),
    "partial": ("◐", "Partial"),
    "fail": ("✗", "Fail"),
    "na": ("\u2013", "Not applicable"),
    "human": ("?", "For the mentor"),
}
HOW = {"automatic": "Checked", "documented": "Read from a statement", "human": "Judged by a person"}
MEANING = {
    "not yet": f"A gate failed, or the total is under {LEAST['sound']} of 100. "
    "Not ready to be shown.",
    "sound": f"No gate failed and the total is {LEAST['sound']} or more. "
    "The result can be believed.",
    "strong": f"No gate failed and the total is {LEAST['strong']} or more. "
    "The work bears close questions.",
    "exemplary": f"No gate failed, the total is {LEAST['exemplary']} or more and every section has "
    "at least half of its points.",
}
PROVISIONAL = "The criteria that a person judges are not all answered; the grade may change."


@dataclass(frozen=True)
class Remedy:
    """One thing to do, the points it can bring, and the criteria it serves."""

    fix: str
    url: str
    gain: float
    criteria: tuple[Criterion, ...]

    @property
    def phases(self) -> str:
        """Return the phases it belongs to, separated by spaces."""
        return " ".join(dict.fromkeys(c["phase"] for c in self.criteria))


def read(criteria: Iterable[Criterion]) -> list[tuple[str, str]]:
    """Return (title, address on the site) of the guides that teach these criteria, each once."""
    known = {c.code: c for c in rubric().criteria}
    names = [g for c in criteria if c["code"] in known for g in known[c["code"]].guide]
    return [(rubric().guides[n], f"guides/{n}/") for n in dict.fromkeys(names)]


def name(project: Project) -> str:
    """Return what to call a project: its `name`, or the last part of its path."""
    path = str(project["path"])
    return str(project.get("name") or PurePosixPath(path.replace("\\", "/")).name or path)


def remedies(project: Project) -> list[Remedy]:
    """Return what can be mended, most points first; criteria with the same remedy are one entry."""
    together: dict[str, list[Criterion]] = {}
    for criterion in project["criteria"]:
        if criterion["status"] in ("fail", "partial") and lost(criterion) > 0:
            key = criterion["fix"] or criterion["message"] or criterion["title"]
            together.setdefault(key, []).append(criterion)
    worth = _worth(project)
    found = [
        Remedy(k, c[0]["url"], sum(lost(each) * worth[each["section"]] for each in c), tuple(c))
        for k, c in together.items()
    ]
    return sorted(found, key=lambda remedy: -remedy.gain)


def _worth(project: Project) -> dict[str, float]:
    """Return what a criterion's point is worth in the total: the others carry one that is na."""
    counted = {section["code"]: 0.0 for section in project["sections"]}
    for criterion in project["criteria"]:
        if criterion["status"] != "na":
            counted[criterion["section"]] = counted.get(criterion["section"], 0) + criterion["max"]
    weight = {section["code"]: section["max"] for section in project["sections"]}
    return {code: weight.get(code, 0) / most if most else 1.0 for code, most in counted.items()}


def lost(criterion: Criterion) -> float:
    """Return the points a criterion did not earn."""
    return max(0.0, float(criterion["max"]) - float(criterion["points"]))


def by_section(project: Project) -> Iterator[tuple[Mapping[str, Any], list[Criterion]]]:
    """Yield each section with its criteria; a criterion of an unknown section is left out."""
    for section in project["sections"]:
        yield section, [c for c in project["criteria"] if c["section"] == section["code"]]


def phases(project: Project) -> list[tuple[str, str, float, float]]:
    """Return (code, title, points, points to be had) of every phase; open criteria do not count."""
    counted = [c for c in project["criteria"] if c["status"] not in ("na", "human")]
    return [
        (
            code,
            title,
            sum(c["points"] for c in counted if c["phase"] == code),
            sum(c["max"] for c in counted if c["phase"] == code),
        )
        for code, title in PHASES.items()
    ]


def by_code(project: Project) -> dict[str, Criterion]:
    """Return the criteria of a project by code."""
    return {criterion["code"]: criterion for criterion in project["criteria"]}


def unanswered(project: Project) -> list[Criterion]:
    """Return the criteria that wait for a person."""
    return [c for c in project["criteria"] if c["status"] == "human"]


def share(points: float, most: float) -> float:
    """Return points as a share of the most, within 0 and 1; 0 where there are none to be had."""
    return min(1.0, max(0.0, points / most)) if most else 0.0


def weak_sections(project: Project) -> list[str]:
    """Return the titles of the sections that have less than half of their points."""
    return [s["title"] for s in project["sections"] if s["max"] and 2 * s["points"] < s["max"]]


def next_step(project: Project) -> str:
    """Return what separates a project from the next grade, in one sentence."""
    gates = [gate["code"] for gate in project["gates"]]
    if gates:
        these = f"gate {gates[0]} is" if len(gates) == 1 else f"gates {_listed(gates)} are"
        return f"Whatever the total, the grade stays at not yet until the {these} mended."
    higher = [(grade, least) for grade, least in LEAST.items() if grade not in _reached(project)]
    if not higher:
        return ""
    grade, least = higher[0]
    missing = least - project["total"]
    wanted = []
    if missing > 0:
        wanted.append(f"{missing:.1f}".removesuffix(".0") + " points more")
    if grade == "exemplary" and weak_sections(project):
        wanted.append(f"at least half of the points of {_listed(weak_sections(project))}")
    return f"For {grade} it needs {' and '.join(wanted)}." if wanted else ""


def _reached(project: Project) -> list[str]:
    order = list(MEANING)
    return order[: order.index(project["grade"]) + 1] if project["grade"] in order else []


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
