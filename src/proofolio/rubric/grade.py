"""From a folder to outcomes, and from outcomes to points, gates and a grade."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofolio.rubric import checks, reasons  # checks: registers every one
from proofolio.rubric.answers import Answer, Answers
from proofolio.rubric.criteria import LEAST, Criterion, Rubric, rubric
from proofolio.rubric.history import History
from proofolio.rubric.outcome import CHECKS, Outcome, failed
from proofolio.rubric.parsing import one_line
from proofolio.rubric.proof import Proof, prove
from proofolio.rubric.subject import Subject
from proofolio.rubric.tree import Tree

SCHEMA = 1
HIGHEST = 3  # level of a human criterion
assert checks


@dataclass
class Examined:
    """What the checks found in one project: all that a grade rests on but a mentor's answers."""

    path: str
    outcomes: dict[str, Outcome]
    marks: dict[str, list[str]] = field(default_factory=dict)  # of its evidence, for the cohort
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the fields, for the cache and for another process."""
        told = {code: outcome.as_json() for code, outcome in self.outcomes.items()}
        return {**vars(self), "outcomes": told}

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> "Examined":
        """Return what `as_json` wrote."""
        told = {code: Outcome.of_json(v) for code, v in value["outcomes"].items()}
        return cls(**value | {"outcomes": told})


def examine(
    root: Path | str, *, full: bool = False, static: bool = False, shipped: bool = True
) -> Examined:
    """Run every check on a project.

    Args:
        root: The project's folder.
        full: Draw intervals again and recompute every result (minutes for a big study).
        static: Read files alone; nothing is recomputed, as repo-review needs it.
        shipped: Compare the evidence with that of the case studies that ship with Proofolio.
    """
    started, folder = time.monotonic(), Path(root)
    if not folder.is_dir():
        return unreadable(str(root), "there is no such folder")
    tree, history = Tree(folder), History(folder.resolve())
    proof = Proof(why="files were read only") if static else prove(tree, history, full=full)
    subject = Subject(tree, history, proof, shipped=shipped)
    outcomes = {
        code: _run(code, subject) for code, found in CHECKS.items() if found.static or not static
    }
    from proofolio.rubric.checks.origin import marks_of

    notes = [*tree.notes, *([proof.why] if proof.why else []), *proof.notes]
    seconds = round(time.monotonic() - started, 3)
    return Examined(str(root), outcomes, marks_of(subject), notes, seconds)


def _run(code: str, subject: Subject) -> Outcome:
    """Run one check; one that cannot end is a finding about that criterion alone."""
    try:
        found = reasons.heard(code, CHECKS[code].run(subject), subject)
    except Exception as error:
        return failed(f"the check could not be made: {type(error).__name__}: {error}")
    named = not CHECKS[code].static  # static checks name the files they look for
    if subject.bare and named and found.status in ("fail", "partial"):
        return found.wanting(rubric().criterion(code).evidence)
    return found


def unreadable(path: str, why: str) -> Examined:
    """Return what is known of a project that could not be graded at all, and why."""
    gate = f"the project could not be graded: {one_line(why)}"
    outcomes = {c.code: failed(gate) for c in rubric().criteria if c.how != "human"}
    outcomes["BU2"] = outcomes["BU2"].gated(gate)
    return Examined(path, outcomes, {"log": [], "predictions": []}, [gate])


def result(examined: Examined, answers: Sequence[Answers] = ()) -> dict[str, Any]:
    """Return a project's entry of the report.

    A criterion that does not apply leaves its section: the others carry the section's weight.
    Human criteria without an answer earn nothing yet, so a provisional grade can only rise.

    Args:
        examined: What was found.
        answers: One file of answers per mentor; several give the mean of their levels.
    """
    book, path = rubric(), examined.path
    name = Path(path).resolve().name
    given = [found for a in answers if (found := a.of(path, name))]
    rows = [_row(c, examined, given) for c in book.criteria]
    sections = [_section(s.code, book, rows) for s in book.sections]
    total = round(sum(s["points"] for s in sections), 1)
    gates = [
        {"code": code, "reason": outcome.gate}
        for code, outcome in sorted(examined.outcomes.items())
        if outcome.gate
    ]
    entries = [entry for a in answers if (entry := a.entry(path, name))]
    return {
        "path": path,
        "name": name,
        "grade": grade(total, sections, gated=bool(gates)),
        "provisional": any(row["status"] == "human" for row in rows),
        "total": total,
        "gates": gates,
        "sections": sections,
        "criteria": rows,
        "notes": examined.notes,
        **({"answers": entries} if entries else {}),
    }


def _row(
    criterion: Criterion, examined: Examined, given: Sequence[Mapping[str, Answer]]
) -> dict[str, Any]:
    judged = [found[criterion.code] for found in given if criterion.code in found]
    outcome = examined.outcomes.get(criterion.code)
    if criterion.levels is not None:
        outcome = _judged(criterion, judged)
    if outcome is None:
        outcome = failed("no check was made")
    done = outcome.status in ("pass", "na")
    asked = {}
    if criterion.levels is not None:
        asked = {"question": criterion.question, "levels": list(criterion.levels)}
        asked |= {"level": outcome.worth * HIGHEST} if judged else {}
    return {
        **asked,
        "code": criterion.code,
        "section": criterion.section,
        "phase": criterion.phase,
        "title": criterion.title,
        "why": criterion.why,
        "how": criterion.how,
        "status": outcome.status,
        "points": round(criterion.points * outcome.worth, 2),
        "max": criterion.points,
        "evidence": list(outcome.evidence),
        "message": outcome.message,
        "fix": "" if done else criterion.fix,
        "url": criterion.url,
    }


def _judged(criterion: Criterion, judged: list[Answer]) -> Outcome:
    """Return the outcome of mentors' levels, the mean of several; without one it is open."""
    if not judged:
        return Outcome("human", criterion.question or "")
    share = sum(answer.level for answer in judged) / len(judged) / HIGHEST
    status = "pass" if share == 1 else "partial" if share else "fail"
    told = criterion.levels[round(share * HIGHEST)]
    notes = tuple(one_line(answer.note) for answer in judged if answer.note)
    return Outcome(status, told, notes, share=share)


def _section(code: str, book: Rubric, rows: list[dict[str, Any]]) -> dict[str, Any]:
    section = next(s for s in book.sections if s.code == code)
    counted = [r for r in rows if r["section"] == code and r["status"] != "na"]
    most = sum(r["max"] for r in counted)
    share = sum(r["points"] for r in counted) / most if most else 1.0
    points = round(section.weight * share, 1)
    return {"code": code, "title": section.title, "points": points, "max": section.weight}


def grade(total: float, sections: list[dict[str, Any]], *, gated: bool) -> str:
    """Return the grade of a total; a gate caps it, and exemplary asks for every section's half."""
    if gated or total < LEAST["sound"]:
        return "not yet"
    halves = all(2 * s["points"] >= s["max"] for s in sections)
    if total >= LEAST["exemplary"] and halves:
        return "exemplary"
    return "strong" if total >= LEAST["strong"] else "sound"
