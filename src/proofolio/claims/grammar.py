"""The grammar of claims in Markdown: find them, with positions, and say which ones stand badly.

`<!--claim SUBJECT PATH FORMAT...-->text<!--/claim-->` inside a line;
`<!--claims NAME-->` ... `<!--/claims-->` on lines of their own around a table.
In a folder that holds several projects, `in:PROJECT` comes first within the mark.
"""

import re
from dataclasses import dataclass, field

from proofolio.claims import markdown

FLAGS = ("ci", "n", "pct")
_MARK = re.compile(r"<!--(\s*)(/?)(claims?)\b([^\n]*?)-->")
_LINE_START = re.compile(r"^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*$")
_SUBJECT = re.compile(r"^(?:dataset|(?:run|config|model|result|reference|split|audit):\S+)$")
_NAME = re.compile(r"^[A-Za-z0-9][\w.-]*$")


@dataclass(frozen=True)
class Claim:
    """A number bound inside a line; `start` and `end` are the offsets of its text."""

    subject: str
    path: str
    spec: str
    flags: tuple[str, ...]
    text: str
    line: int
    start: int
    end: int
    inside: str = ""  # the case study named first, where several stand in one folder


@dataclass(frozen=True)
class Block:
    """A table bound to a result; `start` and `end` enclose what stands between the marks."""

    name: str
    text: str
    line: int
    start: int
    end: int
    inside: str = ""


@dataclass(frozen=True)
class Fault:
    """A claim that cannot stand where or as it is."""

    line: int
    what: str
    remedy: str


@dataclass
class Parsed:
    """Everything found in one text."""

    page: markdown.Page
    claims: list[Claim] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def spans(self) -> list[Claim | Block]:
        """Claims and blocks in the order of the text."""
        return sorted([*self.claims, *self.blocks], key=lambda span: span.start)


def parse(text: str) -> Parsed:
    """Return the claims and blocks of a Markdown text and the faults that forbid writing it."""
    parsed = Parsed(markdown.read(text))
    opened: re.Match | None = None
    for mark in _MARK.finditer(text):
        line = parsed.page.line_at(mark.start())
        if line.kind == "front" or (line.escaped and _in_code(parsed.page, line, mark)):
            continue
        placed = _misplaced(parsed.page, line, mark)
        if placed is not None:
            parsed.faults.append(placed)
            opened = None if mark[2] else opened
            continue
        opened = _step(parsed, line, opened, mark)
    if opened is not None:
        parsed.faults.append(_unclosed(parsed, opened))
    return parsed


def _step(
    parsed: Parsed, line: markdown.Line, opened: re.Match | None, mark: re.Match
) -> re.Match | None:
    """Take one mark; return the mark that is open after it."""
    closing, word = mark[2] == "/", mark[3]
    if not closing:
        if opened is not None:
            same_line = parsed.page.line_at(opened.start()) is line
            nested = opened[3] == "claims" or same_line
            parsed.faults.append(
                Fault(line.number, "a claim stands inside another", "close the outer one first")
                if nested
                else _unclosed(parsed, opened)
            )
        return mark
    if opened is None or opened[3] != word:
        what = f"<!--/{word}--> closes nothing"
        parsed.faults.append(Fault(line.number, what, "remove it or open the claim before it"))
        return opened
    if word == "claim" and parsed.page.line_at(opened.start()) is not line:
        parsed.faults.append(_unclosed(parsed, opened))
        return None
    _add(parsed, opened, mark)
    return None


def _add(parsed: Parsed, opened: re.Match, closing: re.Match) -> None:
    number = parsed.page.line_at(opened.start()).number
    words = opened[4].split()
    inside = words.pop(0).removeprefix("in:") if opened[4].lstrip().startswith("in:") else ""
    start, end = opened.end(), closing.start()
    text = parsed.page.text[start:end]
    if opened[3] == "claims":
        if len(words) != 1 or not _NAME.match(words[0]):
            what = f"a table block names one result, received {' '.join(words) or 'nothing'!r}"
            parsed.faults.append(Fault(number, what, "write <!--claims NAME-->"))
            return
        parsed.blocks.append(Block(words[0], text, number, start, end, inside))
        return
    options = words[2:]
    spec = options.pop(0) if options and options[0] not in FLAGS else ""
    wrong = [word for word in options if word not in FLAGS]
    if len(words) < 2 or not _SUBJECT.match(words[0]) or wrong:
        parsed.faults.append(
            Fault(
                number,
                f"not a claim: {' '.join(words)!r}",
                "write <!--claim SUBJECT PATH FORMAT--> with SUBJECT dataset or run:, config:, "
                "model:, result:, reference:, split:, audit: and a name; FORMAT is a Python "
                "format spec, then any of ci, n, pct",
            )
        )
        return
    told = (words[0], words[1], spec, tuple(options))
    parsed.claims.append(Claim(*told, text, number, start, end, inside))


def _misplaced(page: markdown.Page, line: markdown.Line, mark: re.Match) -> Fault | None:
    """Return what is wrong with the place of a mark, if anything."""
    before = line.text[: mark.start() - line.start]
    block = mark[3] == "claims"
    where = remedy = ""
    if mark[1]:
        where = "a mark begins with a space"
        remedy = "write <!--claim without a space, so that every reader of the file finds it"
    elif _in_code(page, line, mark):
        where = "a claim stands in code, where its marks would be printed"
        remedy = (
            "move it into prose; to show the syntax, end the line, or precede the code, with "
            "<!--not-a-claim: reason-->"
        )
    elif line.kind == "heading":
        where = "a claim stands in a heading, where it breaks anchors and contents"
        remedy = "move the number into the text below the heading"
    elif block and line.text.strip() != mark[0]:
        where = "a table block's mark shares its line"
        remedy = "put the mark on a line of its own"
    elif not block and not mark[2] and _LINE_START.match(before):
        where = "a claim stands at the start of its line, where Markdown reads an HTML block"
        remedy = "put at least one word before it"
    elif re.search(r"!\[[^\]]*$", before) or re.search(r"<\w[^<>]*$", before):
        where = "a claim stands in alternative text or an attribute, where comments are printed"
        remedy = "move the number into the caption or the text"
    elif re.search(r"\]\([^)]*$", before):
        where, remedy = "a claim stands in a link's address", "move it into the link's text"
    return Fault(line.number, where, remedy) if where else None


def _in_code(page: markdown.Page, line: markdown.Line, mark: re.Match) -> bool:
    return line.kind in ("fence", "indented") or page.in_code_span(mark.start())


def _unclosed(parsed: Parsed, opened: re.Match) -> Fault:
    closing = f"<!--/{opened[3]}-->"
    where = "in the same line" if opened[3] == "claim" else "on a line of its own"
    return Fault(
        parsed.page.line_at(opened.start()).number,
        f"{opened[0]} is not closed",
        f"add {closing} {where}",
    )
