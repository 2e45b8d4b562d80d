"""Evidence of a stranger handed to `proofolio.verify`: looked over first, then recomputed.

`verify` trusts the folder it is given. So every file that it would read is measured before: no
link, nothing huge, nothing deep, Parquet of plain columns and of no more rows than can be held.
What fails is one line, and nothing of the evidence is read.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proofolio.contract import Layout
from proofolio.rubric import parsing, tables
from proofolio.rubric.history import History
from proofolio.rubric.parsing import Refused, one_line
from proofolio.rubric.tree import Tree

if TYPE_CHECKING:
    from proofolio.verify import Problem
    from proofolio.verify.load import Evidence

MOST_EVIDENCE = 60_000_000  # bytes; the contract allows half of it
MOST_TEXT = 12_000_000  # bytes of one CSV or JSON file
MOST_PAGE = 200_000  # bytes of one Markdown page
MOST_PAGES = 1_000_000  # bytes of all of them
MOST_WEIGHTS = 500_000_000  # bytes of a file of weights, which is hashed and never loaded
MOST_RUNS = 2_000
_PAGES = ("README.md", "MODEL_CARD.md", "DATA_CARD.md")
_READ = {*_PAGES, "project.yaml", "evidence", "docs"}  # what verification opens
_NAMED = {"split", "run", "runs", "versus_runs"}  # verification makes paths of these
_NAME = re.compile(r"[\w.-]{1,200}")


@dataclass
class Proof:
    """What verification found; `e` is None where nothing could be read, and `why` says why."""

    e: "Evidence | None" = None
    why: str = ""
    problems: dict[str, list["Problem"]] = field(default_factory=dict)  # by criterion
    notes: list[str] = field(default_factory=list)

    def broken(self, code: str) -> list[str]:
        """Return the problems of a criterion as lines: where, and what is wrong."""
        return [f"{p.where}: {p.what}" for p in self.problems.get(code, [])]


def prove(tree: Tree, history: History, *, full: bool = False) -> Proof:
    """Verify the evidence of a project within limits.

    Args:
        tree: The project's files.
        history: Its git history, which verification reads through it alone.
        full: Draw intervals again and recompute every result.
    """
    if "evidence/contract.json" not in tree:
        return Proof(why="there is no evidence folder (evidence/contract.json is missing)")
    try:
        vet(tree)
    except Refused as error:
        return Proof(why=f"the evidence is not read: {error}")
    from proofolio import verify
    from proofolio.rubric.rules import code_of

    try:
        with history.borrowed():
            e, report = verify.examine(Layout(tree.root).root, full=full)
    except Exception as error:  # a file that fits every limit and still cannot be read
        told = f"{type(error).__name__}: {error}"
        return Proof(why=f"the evidence cannot be verified: {one_line(told)}")
    problems = defaultdict(list)
    for problem in report.problems:
        problems[code_of(problem, e)].append(problem)
    return Proof(e, problems=dict(problems), notes=[one_line(n) for n in report.notes])


def vet(tree: Tree) -> None:
    """Raise Refused at the first file that verification should not read."""
    for name in tree.links:
        if name.split("/")[0] in _READ:
            raise Refused(f"{one_line(name)} is a symbolic link")
    ours = [n for n in tree.sizes if n.startswith("evidence/")]
    if not tree.whole:
        raise Refused("the folder could not be listed to its end")
    total = sum(tree.sizes[n] for n in ours)
    if total > MOST_EVIDENCE:
        raise Refused(f"evidence/ holds {total:,} bytes, the limit is {MOST_EVIDENCE:,}")
    if sum(n.endswith("/run.json") for n in ours) > MOST_RUNS:
        raise Refused(f"evidence/ holds over {MOST_RUNS:,} runs")
    for name in ours:
        _file(tree, name)
    _pages(tree)
    if "project.yaml" in tree and tree.yaml("project.yaml") is None:
        raise Refused("project.yaml is empty, or no YAML that can be read within limits")


def _file(tree: Tree, name: str) -> None:
    suffix = name.rsplit(".", 1)[-1]
    if suffix == "parquet":
        tables.parquet(tree, name)
    elif suffix == "csv":
        tables.csv(one_line(name), tree.data(name, MOST_TEXT))
    elif suffix in ("json", "jsonl"):
        text = tree.data(name, MOST_TEXT).decode("utf-8", errors="replace")
        named = suffix == "json" and not name.startswith("evidence/figures/")
        try:
            parsing.measure_json(text)
            value = parsing.read_json(text) if named else None
        except Refused as error:
            raise Refused(f"{one_line(name)}: {error}") from None
        _names(tree, name, value)
    elif tree.sizes[name] > MOST_TEXT:
        raise Refused(f"{one_line(name)} has {tree.sizes[name]:,} bytes, over {MOST_TEXT:,}")


def _names(tree: Tree, name: str, value: Any) -> None:
    """Ids and names that verification turns into paths lead nowhere else."""
    for place in _places(value):
        for key in _NAMED & set(place):
            given = place[key] if isinstance(place[key], list) else [place[key]]
            for found in given:
                if isinstance(found, str) and not _NAME.fullmatch(found):
                    raise Refused(f"{one_line(name)}: {key} is no name: {one_line(found, 60)}")
        weights = place.get("weights")
        if isinstance(weights, str):
            _weights(tree, f"{one_line(name)}: weights {one_line(weights, 60)}", weights)


def _weights(tree: Tree, told: str, weights: str) -> None:
    """A file of weights is hashed, so it lies inside, by no link, and is no endless one."""
    if ".." in weights or "\0" in weights or weights[:1] in ("/", "\\", "~"):
        raise Refused(f"{told} lie outside")
    path = tree.root / weights
    if path.resolve() != path:
        raise Refused(f"{told} are reached by a symbolic link")
    if path.is_file() and path.stat().st_size > MOST_WEIGHTS:
        raise Refused(f"{told} have over {MOST_WEIGHTS:,} bytes")


def _places(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a run, a result, a selection or the registry that may name others."""
    if not isinstance(value, dict):
        return
    listed = value.get("candidates")
    models = value.get("models")
    inner = [
        value.get("choice"),
        value.get("inputs"),
        *(listed if isinstance(listed, list) else ()),
    ]
    inner += models.values() if isinstance(models, dict) else ()
    yield from (place for place in (value, *inner) if isinstance(place, dict))


def _pages(tree: Tree) -> None:
    """Pages are small enough for a look at each word beside each number."""
    pages = [n for n in _PAGES if n in tree] + tree.match("docs/*.md")
    if sum(tree.sizes[n] for n in pages) > MOST_PAGES:
        raise Refused(f"Markdown pages hold over {MOST_PAGES:,} bytes")
    for name in pages:
        if tree.sizes[name] > MOST_PAGE:
            raise Refused(f"{one_line(name)} has {tree.sizes[name]:,} bytes, over {MOST_PAGE:,}")
        if b"\0" in (found := tree.data(name)) or not _utf8(found):
            raise Refused(f"{one_line(name)} is not UTF-8 text")
        if why := parsing.tangled(found.decode("utf-8")):
            raise Refused(f"{one_line(name)}: {why}")


def _utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
