"""Tests and notebooks, by their syntax alone: nothing is imported or run."""

import ast
import re
from collections.abc import Iterator

from proofolio.rubric import parsing
from proofolio.rubric.outcome import Outcome, check, failed, not_applicable, partial, passed
from proofolio.rubric.subject import Subject, source

ENOUGH_TESTS = 3
LONGEST_CELL = 30  # lines
MOST_DEFINED = 2  # functions or classes of one notebook
_GIVEN = "tests/test_contract.py"  # the template's own
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+)", re.MULTILINE)
_CELL = re.compile(r"^# %%.*$", re.MULTILINE)


@check("RT3", static=True)
def tests_assert(subject: Subject) -> Outcome:
    """Own test functions that can fail and reach the project's code."""
    if not subject.tests:
        return failed("there are no tests (functions test_* in files test_*.py)")
    packages = _own(subject)
    asserting, empty, reach = [], [], False
    for name, text in subject.tests.items():
        if name == _GIVEN and "evidence/contract.json" in subject.tree:
            continue
        try:
            tree = parsing.read_python(text)
        except parsing.Refused as error:
            subject.tree.note(f"{name}: {error}")
            continue
        reach |= bool(packages & set(_imports(tree)))
        for function in _tests(tree):
            (asserting if _asserts(function) else empty).append(f"{name}::{function.name}")
    told = f"{len(asserting)} own tests assert, {len(empty)} cannot fail"
    if len(asserting) >= ENOUGH_TESTS and reach and len(empty) <= len(asserting) / 2:
        return passed(told, *asserting)
    if asserting:
        why = told if reach else f"{told}; none imports the project's code"
        return partial(why, *(empty or asserting))
    return failed(told, *empty)


def _tests(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    bodies = [tree.body, *(n.body for n in tree.body if isinstance(n, ast.ClassDef))]
    for body in bodies:
        for node in body:
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and node.name.startswith("test"):
                yield node


def _asserts(function: ast.AST) -> bool:
    """Whether a function holds an assertion that can fail."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            same = isinstance(node.test, ast.Compare) and all(
                ast.dump(node.test.left) == ast.dump(c) for c in node.test.comparators
            )
            if not same:
                return True
        if isinstance(node, ast.Call):
            named = node.func
            name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
            if name.startswith("assert") or name in ("raises", "warns", "fail", "check_call"):
                return True
    return False


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0] if not node.level else "tests"
            if node.module == "src" or node.level:
                yield from (alias.name for alias in node.names)
            elif (node.module or "").startswith("src."):
                yield node.module.split(".")[1]


@check("RT5", static=True)
def notebooks(subject: Subject) -> Outcome:
    """No outputs, short cells, few definitions, more logic in modules than in notebooks."""
    faults, names, lines = [], [], 0
    for name, cells in subject.notebooks.items():
        code = [source(c) for c in cells if c.get("cell_type") == "code"]
        outputs = sum(bool(c.get("outputs")) for c in cells)
        if outputs:
            faults.append(f"{name}: {outputs} cell(s) carry outputs")
        names.append(name)
        lines += _cells(name, code, faults)
    for name in subject.tree.match("notebooks/*.py"):
        names.append(name)
        parts = _CELL.split(subject.tree.text(name))
        lines += _cells(name, [c for c in parts if not _is_comment(c)], faults)
    if not names:
        return not_applicable("there is no notebook")
    cells = [*subject.notebook_code.values(), *map(subject.tree.text, names)]
    if subject.code and not any(_own(subject) & set(_lines_import(text)) for text in cells):
        faults.append("no notebook imports the project's modules")
    own = sum(len(text.splitlines()) for text in subject.code.values())
    if lines > own:
        faults.append(f"notebooks hold {lines} lines of code, modules {own}")
    if not faults:
        return passed(f"{len(names)} notebook(s), {lines} lines beside {own} in modules", *names)
    return (partial if len(faults) == 1 else failed)(
        "notebooks hold what belongs elsewhere", *faults
    )


def _lines_import(text: str) -> Iterator[str]:
    """Yield the names of modules that lines of a notebook import."""
    for found in _IMPORT.finditer(text):
        yield from found[1].split(".")[:2]


def _own(subject: Subject) -> set[str]:
    """Return the names of the project's modules and packages."""
    parts = {part for name in subject.code for part in name.removesuffix(".py").split("/")}
    return parts - {"__init__"}


def _is_comment(cell: str) -> bool:
    return all(not line.strip() or line.startswith("#") for line in cell.splitlines())


def _cells(name: str, cells: list[str], faults: list[str]) -> int:
    """Add what is wrong with a notebook's cells; return its lines of code."""
    sizes = [sum(bool(line.strip()) for line in cell.splitlines()) for cell in cells]
    long = [i + 1 for i, size in enumerate(sizes) if size > LONGEST_CELL]
    if long:
        faults.append(f"{name}: cell {long[0]} has {sizes[long[0] - 1]} lines")
    text = "\n".join(cells)
    defined = len(re.findall(r"^(?:async )?(?:def|class) ", text, re.MULTILINE))
    if defined > MOST_DEFINED:
        faults.append(f"{name}: defines {defined} functions or classes")
    return sum(sizes)
