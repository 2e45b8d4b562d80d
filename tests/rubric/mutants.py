"""The page of planted faults (docs/rubric/mutants.md), from what the grader really says of them.

    cd tests && python -m rubric.mutants

Plants every fault of `faults`, grades, and writes the page (some three minutes). With `--check`
nothing is written, and a page that differs from what was seen is named, exit 1.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rubric import projects
from rubric.faults import FAULTS, RULES, Fault

from proofolio import files
from proofolio.cards import markdown
from proofolio.rubric import grade
from proofolio.rubric.criteria import rubric

PAGE = projects.ROOT / "docs" / "rubric" / "mutants.md"
TITLES = {
    "small": "small project",
    "no_baseline": "small project",
    "events": "small project of events",
    "medical_imaging": "medical imaging",
}
BOTH = {TITLES["small"], TITLES["medical_imaging"]}
STATUS = {"fail": "fails", "partial": "half"}
HEAD = """---
title: The grader is graded
description: One planted fault for every criterion that a machine checks, and what turned red.
---

<!-- Written by `python -m rubric.mutants` in tests/: do not edit. -->

# The grader is graded

A checker that finds nothing may have nothing to find, or may not look. So a fault is planted for
every criterion that is not judged by a person, in a copy of a project that passes: a small one
that the tests make, or the case study of medical imaging with its whole history. Every hash that
the fault touches is repaired and pages are written again, so that nothing else is wrong. The fault
must turn its criterion red, and no other one but what follows by a rule that is listed below. A
test plants all of them.

*Fails* means that the criterion earns nothing, *half* that it earns half of its points; a *gate*
caps the grade at *not yet*."""


@dataclass(frozen=True)
class Seen:
    """What a planted fault changed: status of each criterion that turned red, and new gates."""

    red: dict[str, str]
    gates: frozenset[str]


class Grader:
    """Plants faults and grades; a project without a fault is graded once."""

    def __init__(self, folder: Path) -> None:
        self.projects = projects.Projects(folder)
        self.whole = lru_cache(self._whole)

    def _whole(self, name: str) -> Seen:
        return _seen(self.projects.lay(name))

    def see(self, fault: Fault) -> Seen:
        """Return what a fault changes against the same project without it."""
        before = self.whole("small" if fault.project == "no_baseline" else fault.project)
        root = self.projects.lay(fault.project)
        fault.plant(root)
        after = _seen(root)
        red = {code: s for code, s in after.red.items() if before.red.get(code) != s}
        return Seen(red, after.gates - before.gates)


def _seen(root: Path) -> Seen:
    told = grade.result(grade.examine(root))
    red = {c["code"]: c["status"] for c in told["criteria"] if c["status"] in STATUS}
    return Seen(red, frozenset(gate["code"] for gate in told["gates"]))


def expected(fault: Fault) -> Seen:
    """Return what must be seen of a fault; a criterion that follows has the status `follows`."""
    red = {fault.code: fault.status} | dict.fromkeys(fault.following, "follows")
    return Seen(red, frozenset({fault.code} if fault.gate else ()))


def agrees(fault: Fault, seen: Seen) -> bool:
    """Whether what is seen is the criterion itself and what follows, with no gate but theirs."""
    wanted = expected(fault)
    own = seen.red.get(fault.code) == fault.status and wanted.gates <= seen.gates
    return own and set(seen.red) == set(wanted.red) and seen.gates <= wanted.gates | fault.following


def page(seen: dict[Fault, Seen]) -> str:
    """Return the page of faults and what turned red by each."""
    return "\n\n".join([HEAD, *_faults(seen), *_rules(), *_people()]) + "\n"


def _faults(seen: dict[Fault, Seen]) -> Iterator[str]:
    rows: dict[tuple[str, ...], set[str]] = {}
    for fault, found in seen.items():
        status = STATUS[found.red.get(fault.code, fault.status)]
        gate = ", a gate" if fault.code in found.gates else ""
        follows = [f"[{code}](#{n})" for n in fault.follows for code in [RULES[n][0]]]
        link = f"[{fault.code}](index.md#{fault.code.lower()})"
        told = (link, fault.planted, f"{status}{gate}", ", ".join(follows) or "nothing")
        rows.setdefault(told, set()).add(TITLES[fault.project])
    codes = {fault.code for fault in seen}
    yield f"{len(seen)} faults for {len(codes)} criteria:"
    yield markdown.table(
        ["Criterion", "Planted", "In", "Outcome", "Follows"],
        [[link, planted, "both" if where == BOTH else ", ".join(sorted(where)), *told]
         for (link, planted, *told), where in rows.items()],
    )  # fmt: skip


def _rules() -> Iterator[str]:
    yield "## What follows, and why"
    for name, (code, why) in RULES.items():
        yield f"### {name.capitalize()} {{ #{name} }}"
        yield f"[{code}](index.md#{code.lower()}) follows. {why}"


def _people() -> Iterator[str]:
    codes = [c.code for c in rubric().criteria if c.how == "human"]
    links = ", ".join(f"[{code}](index.md#{code.lower()})" for code in codes)
    yield "## Criteria that a person judges"
    yield (
        f"{links}: no fault can be planted in an answer. Tests hold that one unanswered leaves the "
        "grade provisional, and that the last answer ends it."
    )


def main(arguments: list[str]) -> int:
    """Plant, grade, and write or check the page; return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        grader, seen = Grader(Path(folder)), {}
        for fault in FAULTS:
            seen[fault] = grader.see(fault)
            agreed = agrees(fault, seen[fault])
            print(f"{'as expected' if agreed else 'OTHERWISE'}: {fault.id}", flush=True)
            if not agreed:
                print(f"  seen {seen[fault]}, expected {expected(fault)}")
    wrong = [fault for fault, found in seen.items() if not agrees(fault, found)]
    made = page(seen)
    stale = not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != made
    if "--check" not in arguments and not wrong:
        files.write_text(PAGE, made)
    if stale:
        print(f"{PAGE.name}: {'stale' if wrong or '--check' in arguments else 'written'}")
    return 1 if wrong or ("--check" in arguments and stale) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
