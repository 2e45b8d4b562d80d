"""A mentor's answers to the human criteria: a small YAML kept beside the report.

```yaml
answers:            # level 0 to 3 of each human criterion
  PD4: {level: 3, note: Names today's practice and when to leave the model aside.}
  EL5: 2
not_applicable:     # any criterion, with the sentence that says why
  SL2: The pictures were drawn by hand, one of each.
```

A file for a cohort has the same below `projects:`, by folder name.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofolio.contract import ProjectError
from proofolio.project.sections import answered
from proofolio.rubric import parsing
from proofolio.rubric.criteria import Criterion, rubric
from proofolio.rubric.outcome import Outcome

LEVELS = 4


@dataclass(frozen=True)
class Answers:
    """Levels and notes of human criteria, and sentences for what does not apply."""

    levels: dict[str, tuple[int, str]] = field(default_factory=dict)
    not_applicable: dict[str, str] = field(default_factory=dict)

    def outcome(self, criterion: Criterion) -> Outcome | None:
        """Return what the mentor says of a criterion, or None."""
        code = criterion.code
        if code in self.not_applicable:
            return Outcome("na", self.not_applicable[code], ("the mentor's answers",))
        if code not in self.levels or criterion.levels is None:
            return None
        level, note = self.levels[code]
        share = level / (LEVELS - 1)
        status = "pass" if share == 1 else "partial" if share else "fail"
        told = criterion.levels[level]
        return Outcome(status, told, (note,) if note else (), share=share)


def load(path: Path) -> dict[str, Answers]:
    """Return the answers of a file by folder name; key "" is for any project.

    Raises:
        ProjectError: unknown codes, levels outside 0 to 3, a criterion without a sentence.
    """
    try:
        value = parsing.read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, parsing.Refused) as error:
        raise _refusal(path, str(error)) from None
    if not isinstance(value, dict):
        raise _refusal(path, "no mapping at the top")
    found = {"": _answers(path, value)}
    for name, entry in (value.get("projects") or {}).items():
        found[str(name)] = _answers(path, entry)
    return found


def of(project: str, given: dict[str, Answers]) -> Answers:
    """Return the answers for a project's path: its own, else those for any."""
    return given.get(Path(project).resolve().name) or given.get("") or Answers()


def _answers(path: Path, value: Any) -> Answers:
    value = value if isinstance(value, dict) else {}
    human = {c.code for c in rubric().criteria if c.how == "human"}
    known = {c.code for c in rubric().criteria}
    levels = {}
    for code, entry in (value.get("answers") or {}).items():
        level = entry.get("level") if isinstance(entry, dict) else entry
        note = str(entry.get("note") or "") if isinstance(entry, dict) else ""
        if code not in human:
            raise _refusal(path, f"{code} is no human criterion ({', '.join(sorted(human))})")
        if level is None:  # printed for the mentor, not answered yet
            continue
        if type(level) is not int or not 0 <= level < LEVELS:
            raise _refusal(path, f"{code}: level {level!r}, expected 0 to {LEVELS - 1}")
        levels[code] = (level, parsing.one_line(note))
    reasons = {}
    for code, sentence in (value.get("not_applicable") or {}).items():
        if code not in known or not answered(sentence):
            raise _refusal(path, f"{code}: not applicable needs a known code and a sentence")
        reasons[code] = parsing.one_line(str(sentence))
    return Answers(levels, reasons)


def _refusal(path: Path, what: str) -> ProjectError:
    return ProjectError(
        f"{path.name}: the mentor's answers cannot be read",
        expected="answers: {CODE: level 0 to 3}, not_applicable: {CODE: a sentence}",
        received=what,
        remedy="correct the entry; the printed sheet lists codes and levels",
    )
