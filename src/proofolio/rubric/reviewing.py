"""The static criteria as checks of repo-review: `repo-review PATH` and its pre-commit hook."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofolio.rubric import checks  # registers every check
from proofolio.rubric.criteria import Criterion, rubric
from proofolio.rubric.history import History
from proofolio.rubric.outcome import CHECKS
from proofolio.rubric.proof import Proof
from proofolio.rubric.subject import Subject
from proofolio.rubric.tree import Tree

assert checks
_PREFIX = "proofolio-"


@dataclass(frozen=True)
class Shared:
    """A project as checks see it, one for all of them: what one has read the next need not.

    repo-review compares and copies fixtures after each check; the same folder is the same project.
    """

    root: Path
    subject: Subject = field(compare=False, repr=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Shared":
        """Return the project itself: it only remembers what was read."""
        return self


def proofolio_subject(package: Any) -> Shared | None:
    """Fixture: the project, read once; None where it's no folder of this machine."""
    if not isinstance(package, Path):
        return None
    proof = Proof(why="files were read only")
    return Shared(package, Subject(Tree(package), History(package.resolve()), proof))


class StaticCheck:
    """One static criterion in the protocol of repo-review; its text is the class's docstring."""

    family: str
    requires: frozenset[str] = frozenset()
    url = ""
    criterion: Criterion

    def check(self, proofolio_subject: Shared | None) -> bool | str | None:
        """Return True, a message, or None where the criterion does not apply."""
        if proofolio_subject is None:
            return None
        outcome = CHECKS[self.criterion.code].run(proofolio_subject.subject)
        if outcome.status in ("pass", "na"):
            return True if outcome.status == "pass" else None
        lines = [outcome.message, *(f"- {line}" for line in outcome.evidence), ""]
        lines.append(self.criterion.fix)
        return "\n".join(_plain(line) for line in lines)


def _plain(text: str) -> str:
    """Return text of a stranger without what a Markdown renderer would make of it."""
    return text.replace("<", "&lt;").replace("`", "'")


def repo_review_checks() -> dict[str, StaticCheck]:
    """Entry point: every static criterion by its code."""
    found = {}
    for criterion in rubric().criteria:
        if criterion.code in CHECKS and CHECKS[criterion.code].static:
            own = {
                "__doc__": criterion.title,
                "family": _PREFIX + criterion.section,
                "criterion": criterion,
            }
            found[criterion.code] = type(criterion.code, (StaticCheck,), own)()
    return found


def repo_review_families() -> dict[str, dict[str, Any]]:
    """Entry point: the sections of the rubric, in their order."""
    return {
        _PREFIX + section.code: {"name": section.title, "order": place}
        for place, section in enumerate(rubric().sections)
    }
