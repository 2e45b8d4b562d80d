"""Digits beside a metric word that nothing binds: the numbers somebody typed by hand."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from proofolio.claims.grammar import Fault, Parsed
from proofolio.claims.markdown import Line

_BESIDE = 60  # characters between a metric word and a digit of one sentence
_METRIC = re.compile(
    r"(?<![\w-])(?:AP|mAP|ECE|MCC|IoU|AUCs?)(?![\w-])|(?<![\w-])"
    r"(?i:auroc|auprc|roc[ -]auc|pr[ -]auc|"
    r"(?:balanced |top-?[15] )?accurac(?:y|ies)|sensitivit(?:y|ies)|specificit(?:y|ies)|"
    r"average[ _]precision|(?:card )?precision(?: at \d+)?|recall|"
    r"(?:macro[ -])?f1(?:[ -]score|[ _]macro)?|"
    r"brier(?: score)?|log[ -]?loss|cross[ -]entropy|top-?[15]|calibration error)(?![\w-])"
)
_NUMBER = re.compile(r"(?<![\w.@#/-])[-+]?\d[\d,]*(?:\.\d+)?(?:\s?%)?(?![\w-]|\.\d)")
_NOT_A_MEASUREMENT = re.compile(
    r"(?<![\d.])\d{1,2}(?:\.\d)?\s?%\s(?:CI|confidence|interval|bootstrap)"  # the level
    r"|(?<![\d.])(?:19|20)\d\d(?![\d.%])"  # years
    r"|\b\d{4}-\d\d(?:-\d\d)?\b"  # dates
    r"|\bv?\d+\.\d+\.\d+\S*"  # versions
    r"|(?:\b(?:section|chapter|figure|fig\.|table|step|rule|version|seed|epoch|fold|issue)\s)\d+"
    r"|(?<![\d.,])\d[\d,]*(?= (?!(?:on|in|for|with|at|of|to|and|or|per|percent|points?|against|"
    r"versus|vs|compared|over|under|after|before|by|when|while|is|was|which|than|from)\b)[a-z])",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"^[\s>]*\d+[.)]\s")
_NO_PROSE = (
    re.compile(r"<!--claim\s.*?<!--/claim-->"),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(  # addresses
        r"\]\([^)\]\n]*\)|\]\[[^\]\n]*\]|^\s*\[[^\]\n]+\]:.*$", re.MULTILINE
    ),
    re.compile(r"<?https?://\S+"),
    re.compile(r"<[/a-zA-Z][^>]*>"),
)
_CELL_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_REMEDY = (
    "bind it with <!--claim SUBJECT PATH FORMAT-->...<!--/claim-->, or, for a target or a quoted "
    "figure, end the line with <!--not-a-claim: reason-->"
)


def unbound(parsed: Parsed) -> list[Fault]:
    """Return each line with a typed number beside a metric word, in prose and in table columns."""
    faults = [
        Fault(line.number, "a <!--not-a-claim--> mark gives no reason", "write : and the reason")
        for line in parsed.page.lines
        if line.bare_escape
    ]
    blank = _blanked(parsed)
    for group in _paragraphs(parsed.page.lines):
        shown = [(line, blank[line.start : line.start + len(line.text)]) for line in group]
        is_table = len(group) > 1 and any(_CELL_RULE.match(line.text) for line in group)
        hits = _in_table(shown) if is_table else _in_prose(shown)
        faults.extend(
            Fault(line.number, f"a number beside a metric word is not bound: {hit!r}", _REMEDY)
            for line, hit in hits
            if not line.escaped
        )
    return sorted(faults, key=lambda fault: fault.line)


def _blanked(parsed: Parsed) -> str:
    """Return the text with claims, code, addresses and marks as spaces, offsets unchanged."""
    characters = list(parsed.page.text)
    spans = list(parsed.page.code_spans)
    spans += [(block.start, block.end) for block in parsed.blocks]
    for pattern in _NO_PROSE:
        spans += [match.span() for match in pattern.finditer(parsed.page.text)]
    for start, end in spans:
        characters[start:end] = [c if c == "\n" else " " for c in characters[start:end]]
    return "".join(characters)


def _paragraphs(lines: list[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in [*lines, Line(0, 0, "", "blank")]:
        if line.kind == "text" and not (group and _LIST_NUMBER.match(line.text)):
            group.append(line)
            continue
        if group:
            yield group
        group = []
        if line.kind == "heading":
            yield [line]
        elif line.kind == "text":
            group = [line]


def _in_prose(shown: list[tuple[Line, str]]) -> Iterator[tuple[Line, str]]:
    """Yield one hit per line whose number stands in the sentence of, and near, a metric word."""
    text = "\n".join(_LIST_NUMBER.sub(lambda m: " " * len(m[0]), line) for _, line in shown)
    words = list(_METRIC.finditer(text))
    starts = [word.start() for word in words]
    excused = [match.span() for match in _NOT_A_MEASUREMENT.finditer(text)]
    row = place = last = 0
    seen = -1
    for found in _NUMBER.finditer(text):
        row, place = row + text.count("\n", place, found.start()), found.start()
        while last < len(excused) and excused[last][1] <= place:
            last += 1
        if row == seen or (last < len(excused) and excused[last][0] <= place):
            continue
        # Words and spans of one pattern do not overlap, so those near stand side by side.
        first = max(0, bisect_left(starts, place - _BESIDE) - 1)
        close = words[first : bisect_right(starts, found.end() + _BESIDE)]
        inside_word = any(w.start() <= place < w.end() for w in close)
        if not inside_word and any(_near(text, word, found) for word in close):
            seen = row
            yield shown[row][0], found[0].strip()


def _near(text: str, word: re.Match, found: re.Match) -> bool:
    between = text[min(word.end(), found.end()) : max(word.start(), found.start())]
    return len(between) <= _BESIDE and not re.search(r"[.!?;]\s", between)


def _in_table(shown: list[tuple[Line, str]]) -> Iterator[tuple[Line, str]]:
    """Yield one hit per row with a number in a metric's column or in a row that names one."""
    rows = [
        (line, [cell.strip() for cell in text.strip().strip("|").split("|")])
        for line, text in shown
    ]
    header = rows[0][1]
    columns = {i for i, cell in enumerate(header) if _METRIC.search(cell)}
    for line, cells in rows:
        named = any(_METRIC.search(cell) for cell in cells) and line is not rows[0][0]
        for i, cell in enumerate(cells):
            bare = _NOT_A_MEASUREMENT.sub("", _METRIC.sub("", cell))
            found = _NUMBER.search(bare)
            if found and (named or i in columns):
                yield line, found[0].strip()
                break
