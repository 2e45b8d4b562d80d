"""Written reasons: what an author says of a criterion that a project does not meet.

`project.yaml` names them by code (`reasons: {TO1: ...}`). A reason counts as a documented statement
does, half; it mends nothing that is shown to be wrong, and no gate.
"""

from dataclasses import replace

from proofolio.project.sections import answered
from proofolio.rubric.criteria import rubric
from proofolio.rubric.outcome import Outcome, partial
from proofolio.rubric.parsing import one_line
from proofolio.rubric.subject import Subject

SHORTEST = 40  # characters: a sentence, not "n/a"
MOST = 3  # with more of them, none counts: a project is not its excuses


def written(subject: Subject) -> dict[str, str]:
    """Return the reasons of `project.yaml` that are sentences, by code of a criterion."""
    given = subject.project.get("reasons")
    known = {c.code for c in rubric().criteria if c.how != "human"}
    found = given.items() if isinstance(given, dict) else ()
    return {
        code: " ".join(text.split())
        for code, text in found
        if code in known and isinstance(text, str) and answered(text) and len(text) >= SHORTEST
    }


def heard(code: str, outcome: Outcome, subject: Subject) -> Outcome:
    """Return an outcome with the author's reason, if one is written; half where nothing else is.

    Args:
        code: Code of the criterion.
        outcome: What its check says.
        subject: The project.
    """
    given = written(subject)
    if code not in given or outcome.status in ("pass", "na"):
        return outcome
    told = one_line(f"the author's reason: {given[code]}")
    wrong = outcome.gate or rubric().criterion(code).gate or subject.broken(code)
    if outcome.status == "fail" and not wrong and len(given) <= MOST:
        return partial(outcome.message, told, *outcome.evidence)
    return replace(outcome, evidence=(told, *outcome.evidence))
