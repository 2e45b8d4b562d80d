"""Text of strangers into data: YAML, JSON and Python source, each within limits.

Nothing here builds objects by name or runs what it reads. What is too big, too deep or malformed
raises `Refused` with one plain line.
"""

import ast
import json
import re
from typing import Any

import yaml

DEEPEST = 60  # nested levels of JSON or YAML
MOST_NODES = 200_000  # values of one YAML document
MOST_YAML = 2_000_000  # characters; a project.yaml of a big study has a tenth of it
MOST_SOURCE = 1_000_000  # characters of one Python file


class Refused(ValueError):
    """A file of a graded repository that is not read, and why, in one line."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which counts values and depth as it composes."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.level = self.nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.level += 1
        self.nodes += 1
        if self.level > DEEPEST or self.nodes > MOST_NODES:
            raise Refused(f"YAML is deeper than {DEEPEST} levels or has over {MOST_NODES} values")
        try:
            return super().compose_node(parent, index)
        finally:
            self.level -= 1


def read_yaml(text: str) -> Any:
    """Return the value of a YAML text of plain types; raises Refused.

    Aliases count as often as they are used: nine of nine of nine is a bomb, not a document.
    """
    if len(text) > MOST_YAML:
        raise Refused(f"YAML of {len(text):,} characters, the limit is {MOST_YAML:,}")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _written_out(node, {}, 0) > MOST_NODES:
            raise Refused(f"YAML has over {MOST_NODES:,} values once its aliases are written out")
        return loader.construct_document(node)
    except Refused:
        raise
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise Refused(one_line(f"not valid YAML: {error}")) from None
    finally:
        loader.dispose()


def _written_out(node: yaml.Node, known: dict[int, int], level: int) -> int:
    """Return how many values a node has with every alias written out; raises Refused on a loop."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if level > DEEPEST:
        raise Refused("YAML refers to itself, or is too deep")
    if id(node) not in known:
        inner = [n for pair in node.value for n in (pair if isinstance(pair, tuple) else (pair,))]
        known[id(node)] = 1 + sum(_written_out(n, known, level + 1) for n in inner)
    return known[id(node)]


def read_json(text: str) -> Any:
    """Return the value of a JSON text; raises Refused."""
    if depth(text) > DEEPEST:
        raise Refused(f"JSON is deeper than {DEEPEST} levels")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(one_line(f"not valid JSON: {error}")) from None


_JSON_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]')


def depth(text: str) -> int:
    """Return how deep brackets nest in a JSON text, without building anything."""
    deepest = level = 0
    for match in _JSON_MARKS.finditer(text):
        mark = match[0]
        if mark in "[{":
            level += 1
            deepest = max(deepest, level)
        elif mark in "]}":
            level -= 1
    return deepest


def read_python(text: str) -> ast.Module:
    """Return the syntax tree of Python source, which is never compiled or run; raises Refused."""
    import warnings

    if len(text) > MOST_SOURCE:
        raise Refused(f"source of {len(text):,} characters, the limit is {MOST_SOURCE:,}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes of the graded code
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(one_line(f"not valid Python: {error}")) from None


def one_line(text: str, most: int = 300) -> str:
    """Return text of strangers as one printable line: no control characters, no endless length."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= most else shown[: most - 3] + "..."
