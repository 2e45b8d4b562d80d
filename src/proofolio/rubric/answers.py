"""A mentor's answers to the human criteria: the YAML to fill in, and what was filled in.

    schema: 1
    grader: A. Vogel
    projects:
      cohort/bird-calls:
        PD4:
          level: 2
          note: Names today's practice, not when to leave the model aside.

A level is the number of one of the criterion's four sentences, 0 to 3; empty means not judged yet.
A file to fill in: `python -m proofolio.rubric.answers cohort/* > mentor.yaml`.
"""

import difflib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from textwrap import wrap
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from proofolio.contract import ProjectError
from proofolio.rubric.criteria import Criterion, rubric
from proofolio.rubric.parsing import Refused, one_line, read_yaml

_REMEDY = "correct it; `python -m proofolio.rubric.answers PROJECT` prints a file to fill in"
_LONGEST = 1_000_000  # bytes


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Answer(_Entry):
    """One judgement: a level from 0 to 3 (None: not judged yet) and a sentence."""

    level: Annotated[int, Field(ge=0, le=3)] | None = None
    note: Annotated[str, BeforeValidator(lambda note: "" if note is None else note)] = ""


class Answers(_Entry):
    """What one grader answered, by project (path or name) and criterion."""

    schema_: Literal[1] = Field(alias="schema")
    grader: Annotated[str, Field(min_length=1)]
    projects: dict[str, dict[str, Answer]]

    def of(self, path: str, name: str = "") -> dict[str, Answer]:
        """Return the judged answers for a project by code; {} where there are none.

        The entry is found by the path, by `name`, or by the last parts of the path, the longest
        entry first: `cohort/birds` fits `elsewhere/cohort/birds`.
        """
        asked = f"/{PurePosixPath(path)}"
        ends = (k for k in self.projects if k and asked.endswith(f"/{PurePosixPath(k)}"))
        for key in (path, name, *sorted(ends, key=len, reverse=True)):
            if key in self.projects:
                return {c: a for c, a in self.projects[key].items() if a.level is not None}
        return {}

    def entry(self, path: str, name: str = "") -> dict[str, object] | None:
        """Return what the result's `answers` holds of this grader, None without a judgement."""
        judged = self.of(path, name)
        if not judged:
            return None
        return {
            "grader": self.grader,
            "levels": {code: answer.level for code, answer in judged.items()},
            "notes": {code: answer.note for code, answer in judged.items() if answer.note},
        }


def questions() -> list[Criterion]:
    """Return the human criteria in the order of the rubric."""
    return [c for c in rubric().criteria if c.how == "human"]


def template(projects: Sequence[str], grader: str = "") -> str:
    """Return YAML to fill in: each question with its four levels, then a place per project."""
    lines = [
        "# Answers of one grader. For each criterion write the number of the level that fits best",
        "# (0 to 3; leave it empty while it is not judged) and a sentence that says why.",
        "#",
        *(line for criterion in questions() for line in _asked(criterion)),
        "schema: 1",
        f"grader: {_scalar(grader)}",
        "projects:",
    ]
    for project in projects:
        lines.append(f"  {_scalar(project)}:")
        for criterion in questions():
            lines += [f"    {criterion.code}:", "      level:", '      note: ""']
    return "\n".join(lines) + "\n"


def read(path: Path) -> Answers:
    """Return the answers in a file.

    Raises:
        ProjectError: The file is missing, too long or no YAML; an entry is unknown, stands twice or
            has a wrong value; the grader has no name.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > _LONGEST:
            raise Refused(f"{size:,} bytes, the limit is {_LONGEST:,}")
        text = path.read_text(encoding="utf-8")
        value = read_yaml(text)
    except (OSError, UnicodeDecodeError, Refused) as error:
        raise _refusal(path, "a YAML file in UTF-8 that can be read", str(error)) from None
    twice = sorted(_twice(yaml.compose(text, Loader=yaml.SafeLoader)))
    if twice:
        raise _refusal(path, "each key once", f"{', '.join(twice)} more than once")
    try:
        answers = Answers.model_validate(value)
    except ValidationError as error:
        told = (f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()[:8])
        expected = "schema: 1, grader: a name, projects: {path: {code: {level: 0 to 3, note: ...}}}"
        raise _refusal(path, expected, "; ".join(told)) from None
    unknown = [f"{p}.{code}" for p, code in _codes(answers) if code not in _known()]
    if unknown:
        raise _refusal(path, f"codes among {', '.join(_known())}", _nearest(unknown))
    return answers


def _asked(criterion: Criterion) -> Iterator[str]:
    yield from _comment(f"{criterion.code} {criterion.title}")
    yield from _comment(f"Ask: {criterion.question}", "  ")
    yield from _comment(f"Open: {criterion.evidence}", "  ")
    for number, level in enumerate(criterion.levels or ()):
        yield from _comment(f"{number}: {level}", "  ")
    yield "#"


def _comment(text: str, indent: str = "") -> Iterable[str]:
    return wrap(text, 96, initial_indent=f"# {indent}", subsequent_indent=f"# {indent}   ")


def _scalar(text: str) -> str:
    """Return text as a double-quoted YAML scalar on one line, whatever it holds."""
    return yaml.safe_dump(text, default_style='"', width=10**6, allow_unicode=False).strip()


def _known() -> list[str]:
    return [criterion.code for criterion in questions()]


def _codes(answers: Answers) -> Iterator[tuple[str, str]]:
    for project, judged in answers.projects.items():
        for code in judged:
            yield project, code


def _nearest(unknown: list[str]) -> str:
    """Return the unknown entries, with the code that one may have meant."""
    told = []
    for entry in unknown[:8]:
        code = entry.rsplit(".", 1)[1]
        near = difflib.get_close_matches(code.upper(), _known(), 1)
        told.append(f"{entry} (meant {near[0]}?)" if near else entry)
    return one_line(", ".join(told))


def _twice(node: yaml.Node | None) -> set[str]:
    """Return the keys that stand twice in a mapping; YAML would silently keep the last one."""
    if isinstance(node, yaml.SequenceNode):
        return set().union(*map(_twice, node.value))
    if not isinstance(node, yaml.MappingNode):
        return set()
    times = Counter(str(key.value) for key, _ in node.value)
    found = {key for key, count in times.items() if count > 1}
    return found.union(*(_twice(value) for _, value in node.value))


def _refusal(path: Path, expected: str, received: str) -> ProjectError:
    return ProjectError(
        f"{path}: the answers cannot be read",
        expected=expected,
        received=received,
        remedy=_REMEDY,
    )


if __name__ == "__main__":
    print(template(sys.argv[1:] or ["."]), end="")
