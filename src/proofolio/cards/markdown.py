"""Markdown that nothing breaks: claim marks, an author's text made harmless, tables."""

import re
from collections.abc import Iterable, Iterator, Sequence

_CLAIM = re.compile(r"<!--claim [\w:.,%+ -]+-->[^<>\n]*<!--/claim-->")
_ADDRESS = re.compile(r"https?://[^\s<>\"`|\\]*[^\s<>\"`|\\.,;:!?)\]}'*_]")
_SPECIAL = re.compile(r"[\\`*_{}\[\]]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "~": "&#126;"})
_OPENING = re.compile(r"^(?:([-+#=:!?])|(\d+)([.)]))")
NOT_ANSWERED = "*not answered*"


def claim(subject: str, path: str, *form: str) -> str:
    """Return an empty claim; `claims.bind` fills it: `claim("run:x", "val.auroc", ".3f", "ci")`."""
    return f"<!--claim {' '.join((subject, path, *form))}--><!--/claim-->"


def table_of(result: str) -> str:
    """Return an empty table block bound to a result's name."""
    return f"<!--claims {result}-->\n<!--/claims-->"


def unbound(reason: str) -> str:
    """Return the mark that tells the claim check why a line's number needs no evidence."""
    return f"<!--not-a-claim: {reason}-->"


def line(text: object) -> str:
    """Return an author's text as one line of literal Markdown text.

    Marks of Markdown and HTML lose their power, so no text can open a comment, a table cell, a
    heading or a tag; web addresses become links; complete claims pass through.
    """
    flat = " ".join(str(text).split())
    return _opening(_rejoin(flat, _CLAIM, lambda kept: kept, _escape_with_links))


def paragraphs(text: object) -> str:
    """Return an author's text in paragraphs; lines that begin with "- " stay a list."""
    blocks = re.split(r"\n\s*\n", str(text).strip())
    return "\n\n".join(_block(block) for block in blocks)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; cells are Markdown already (`line` for an author's text)."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def folded(title: str, blocks: Iterable[str]) -> Iterator[str]:
    """Yield blocks that open on request; nothing where there are none. `title` is HTML."""
    inside = [block for block in blocks if block]
    if inside:
        yield f"<details markdown>\n<summary>{title}</summary>"
        yield from inside
        yield "</details>"


def code(text: object) -> str:
    """Return `text` as a code span, whatever backticks it holds."""
    flat = " ".join(str(text).split()).replace("|", "¦")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    space = " " if "`" in flat else ""
    return f"{fence}{space}{flat}{space}{fence}"


def _block(block: str) -> str:
    lines = [entry.strip() for entry in block.splitlines()]
    if all(entry.startswith("- ") for entry in lines):
        return "\n".join(f"- {line(entry[2:])}" for entry in lines)
    return line(" ".join(lines))


def _escape_with_links(text: str) -> str:
    return _rejoin(text, _ADDRESS, lambda address: f"<{address}>", _escape)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text.translate(_ENTITIES))


def _opening(text: str) -> str:
    """Return `text` without power at a line's start: no list, heading, rule or admonition."""

    def harmless(found: re.Match) -> str:
        digits, mark = found[2] or "", found[1] or found[3]
        return f"{digits}&#{ord(mark)};"

    return _OPENING.sub(harmless, text)


def _rejoin(text: str, pattern: re.Pattern, inside: object, outside: object) -> str:
    pieces, last = [], 0
    for found in pattern.finditer(text):
        pieces += [outside(text[last : found.start()]), inside(found[0])]
        last = found.end()
    return "".join([*pieces, outside(text[last:])])
