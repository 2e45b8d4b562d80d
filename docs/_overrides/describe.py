"""A description for every page: its front matter's, else the first words of its text."""

import html
import re
from typing import Any

from proofolio.pages.parts import cut

_SKIPPED = re.compile(
    r"<!--.*?-->|^(?:```|~~~).*?^(?:```|~~~)|<(figure|table|script|style|svg)\b.*?</\1>|<[^>]+>",
    re.DOTALL | re.MULTILINE,
)
_MARKS = re.compile(r"!?\[([^\]]*)\]\([^)]*\)(?:\{[^}]*\})?|[*`]|\\(?=[\W_])")
_NO_PROSE = re.compile(r"\s*(?:#|\||[-*+] |\d+\. |!!!|\?\?\?|\[\^|>|    )")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Give the page a description where its front matter has none."""
    page.meta.setdefault("description", described(markdown))
    if not page.meta["description"]:
        del page.meta["description"]  # the site's own then
    return markdown


def described(markdown: str) -> str:
    """Return the first paragraph as plain text, cut at a word; nothing where there is none."""
    for block in re.split(r"\n\s*\n", _SKIPPED.sub("", markdown)):
        if block.strip() and not _NO_PROSE.match(block):
            return cut(html.unescape(_MARKS.sub(r"\1", " ".join(block.split()))))
    return ""
