"""Where Markdown is prose, code, a heading or front matter: only what claims need."""

import re
from dataclasses import dataclass, field

_FENCE = re.compile(r"^\s*(?:>\s*)*(`{3,}|~{3,})")
_OPENS_INDENTED_TEXT = re.compile(r"^\s*(?:[-*+]\s|\d+[.)]\s|!!!|\?\?\?|===|:\s|\[\^)")
_SETEXT = re.compile(r"^ {0,3}(?:=+|-+)\s*$")
_ATX = re.compile(r"^ {0,3}#{1,6}(?:\s|$)")
_CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_ESCAPE = re.compile(r"<!--not-a-claim(?::\s*(.*?))?\s*-->")


@dataclass
class Line:
    """One line: its number from 1, offset in the text, and what Markdown makes of it."""

    number: int
    start: int
    text: str
    kind: str = "text"  # text | blank | heading | fence | indented | front
    escaped: bool = False  # carries, or stands in a block that carries, a reasoned not-a-claim mark
    bare_escape: bool = False  # a not-a-claim mark without a reason


@dataclass
class Page:
    """A Markdown text with its lines and the character spans of inline code."""

    text: str
    lines: list[Line]
    code_spans: list[tuple[int, int]] = field(default_factory=list)

    def line_at(self, offset: int) -> Line:
        """Return the line that holds the character at `offset`."""
        low, high = 0, len(self.lines) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.lines[middle].start <= offset else (low, middle - 1)
        return self.lines[low]

    def in_code_span(self, offset: int) -> bool:
        """Whether the character at `offset` lies in inline code."""
        return any(start <= offset < end for start, end in self.code_spans)


def read(text: str) -> Page:
    """Return `text` taken apart; front matter, fences, indented code and headings are marked."""
    lines, offset = [], 0
    for number, raw in enumerate(text.split("\n"), start=1):
        lines.append(Line(number, offset, raw))
        offset += len(raw) + 1
    _mark_front_matter(lines)
    _mark_code(lines)
    _mark_headings(lines)
    page = Page(text, lines)
    page.code_spans = list(_code_spans(lines))
    _mark_escapes(page)
    return page


def _mark_front_matter(lines: list[Line]) -> None:
    if lines[0].text.rstrip() != "---":
        return
    for end, line in enumerate(lines[1:], start=1):
        if line.text.rstrip() in ("---", "..."):
            for inside in lines[: end + 1]:
                inside.kind = "front"
            return


def _mark_code(lines: list[Line]) -> None:
    fence = ""
    holder = ""  # the last less indented line: a list item makes indented lines text, not code
    after_blank = True
    for line in lines:
        if line.kind == "front":
            continue
        opened = _FENCE.match(line.text)
        if fence:
            line.kind = "fence"
            if opened and opened[1].startswith(fence) and not line.text.strip(" >`~"):
                fence = ""
        elif opened:
            line.kind, fence = "fence", opened[1]
        elif not line.text.strip():
            line.kind = "blank"
        elif line.text.startswith(("    ", "\t")):
            if after_blank and not _OPENS_INDENTED_TEXT.match(holder):
                line.kind = "indented"
        else:
            holder = line.text
        after_blank = line.kind in ("blank", "indented")


def _mark_headings(lines: list[Line]) -> None:
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        if line.kind != "text":
            continue
        setext = (
            following is not None and following.kind == "text" and _SETEXT.match(following.text)
        )
        if _ATX.match(line.text) or (setext and "|" not in line.text):
            line.kind = "heading"


def _code_spans(lines: list[Line]):
    paragraph: list[Line] = []
    for line in [*lines, Line(0, 0, "", "blank")]:
        if line.kind in ("text", "heading"):
            paragraph.append(line)
            continue
        if paragraph:
            text = "\n".join(part.text for part in paragraph)
            for span in _CODE_SPAN.finditer(text):
                yield paragraph[0].start + span.start(), paragraph[0].start + span.end()
        paragraph = []


def _mark_escapes(page: Page) -> None:
    """A mark at a line's end frees that line; alone on its line, the block that follows."""
    pending = inside = False
    for line in page.lines:
        if inside and (line.kind == "fence" or line.kind in ("text", "heading")):
            line.escaped = True
            continue
        inside = False
        mark = _ESCAPE.search(line.text)
        if mark and line.kind in ("text", "heading") and not _quoted(page, line, mark):
            line.bare_escape = not mark[1]
            line.escaped = bool(mark[1])
            pending = line.escaped and not line.text.replace(mark[0], "").strip()
        elif pending and line.kind != "blank":
            line.escaped = inside = True
            pending = False


def _quoted(page: Page, line: Line, mark: re.Match) -> bool:
    return page.in_code_span(line.start + mark.start())
