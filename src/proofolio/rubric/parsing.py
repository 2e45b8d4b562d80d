"""Text of strangers into data: YAML, JSON and Python source, each within limits.

Nothing here builds objects by name or runs what it reads. What is too big, too deep or malformed
raises `Refused` with one plain line.
"""

import ast
import json
import re
import tomllib
from typing import Any

import yaml

DEEPEST = 60  # nested levels of JSON or YAML
MOST_NODES = 200_000  # values of one YAML document
MOST_YAML = 2_000_000  # characters; a project.yaml of a big study has a tenth of it
MOST_LINE = 20_000  # characters of one line of Markdown
MOST_OPEN = 200  # marks of one Markdown page that nothing closes
MOST_VALUES = 1_000_000  # of one JSON text
MOST_NUMBER = 400  # characters of one number of YAML
MOST_TOML, MOST_DOTS = 200_000, 500  # characters of a file, dots of one line
MOST_SOURCE = 300_000  # characters of one Python file


class Refused(ValueError):
    """A file of a graded repository that is not read, and why, in one line."""


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # builds plain types alone


def read_yaml(text: str) -> Any:
    """Return the value of a YAML text of plain types; raises Refused.

    Aliases count as often as they are used: nine of nine of nine is a bomb, not a document.
    """
    if len(text) > MOST_YAML:
        raise Refused(f"YAML of {len(text):,} characters, the limit is {MOST_YAML:,}")
    try:
        _measure(text)
        loader = _LOADER(text)
    except Refused:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise Refused(one_line(f"not valid YAML: {error}")) from None
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


def _measure(text: str) -> None:
    """Refuse too many values and too deep ones, event by event, before anything is built."""
    level = nodes = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if level > DEEPEST or nodes > MOST_NODES:
            raise Refused(f"YAML is deeper than {DEEPEST} levels or has over {MOST_NODES:,} values")


def _written_out(node: yaml.Node, known: dict[int, int], level: int) -> int:
    """Return how many values a node has with every alias written out; raises Refused on a loop."""
    if isinstance(node, yaml.ScalarNode):
        if len(node.value) > MOST_NUMBER and not node.tag.endswith((":str", ":binary")):
            raise Refused(f"YAML holds a {node.tag.split(':')[-1]} of {len(node.value):,} digits")
        return 1
    if level > DEEPEST:
        raise Refused("YAML refers to itself, or is too deep")
    if id(node) not in known:
        inner = [n for pair in node.value for n in (pair if isinstance(pair, tuple) else (pair,))]
        known[id(node)] = 1 + sum(_written_out(n, known, level + 1) for n in inner)
    return known[id(node)]


def read_json(text: str) -> Any:
    """Return the value of a JSON text; raises Refused."""
    measure_json(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(one_line(f"not valid JSON: {error}")) from None


def measure_json(text: str) -> None:
    """Refuse a JSON text that is too deep or holds too many values, before anything is built."""
    if depth(text) > DEEPEST:
        raise Refused(f"JSON is deeper than {DEEPEST} levels")
    if text.count(",") > MOST_VALUES:
        raise Refused(f"JSON holds over {MOST_VALUES:,} values")


# A string that nothing closes reaches to the end: looked at once, not from each of its quotes.
_JSON_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


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


def read_toml(text: str) -> dict[str, Any]:
    """Return the value of a TOML text; raises Refused."""
    if len(text) > MOST_TOML:
        raise Refused(f"TOML of {len(text):,} characters, the limit is {MOST_TOML:,}")
    if max(line.count(".") for line in text.split("\n")) > MOST_DOTS:
        raise Refused(f"TOML has a line of over {MOST_DOTS} dots")  # a key takes their square
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(one_line(f"not valid TOML: {error}")) from None


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


def without(text: str, begin: str, end: str) -> str:
    """Return text without what stands from each `begin` to the next `end`, in one pass."""
    kept, place = [], 0
    while (start := text.find(begin, place)) >= 0:
        stop = text.find(end, start + len(begin))
        if stop < 0:
            break
        kept.append(text[place:start])
        place = stop + len(end)
    return " ".join([*kept, text[place:]])


def tangled(text: str) -> str:
    """Return why a Markdown text would keep its readers busy for minutes; empty if it would not.

    Patterns look from each opening mark for its end; thousands without one are an attack.
    """
    longest = max(map(len, text.split("\n")), default=0)
    if longest > MOST_LINE:
        return f"a line of {longest:,} characters, the limit is {MOST_LINE:,}"
    for begin, end in (("<!--", "-->"), ("<", ">")):
        if text.count(begin, text.rfind(end) + 1) > MOST_OPEN:
            return f"over {MOST_OPEN} times {begin} without {end} after it"
    return ""


def one_line(text: str, most: int = 300) -> str:
    """Return text of strangers as one printable line: no control characters, no endless length."""
    shown = "".join(c if c.isprintable() else " " for c in text[: 20 * most])
    shown = " ".join(shown.split())
    return shown if len(shown) <= most else shown[: most - 3] + "..."
