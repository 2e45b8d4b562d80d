"""Markdown of the site as it is rendered: no list and no table ends up inside a paragraph."""

import re
from pathlib import Path

import markdown
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    path
    for folder in (".", "guides", "start", "rubric", "reference")
    for path in sorted((DOCS / folder).glob("*.md"))
]
EXTENSIONS = ["admonition", "attr_list", "footnotes", "md_in_html", "meta", "tables",
              "pymdownx.details", "pymdownx.superfences"]  # fmt: skip
BROKEN = re.compile(r"^(?:- |\d\. |\|).*", re.MULTILINE)


def broken(text):
    """Return the lines of lists and tables that stand in a paragraph."""
    made = markdown.markdown(text, extensions=EXTENSIONS)
    made = re.sub(r"<(pre|div class=\"highlight\").*?</pre>", "", made, flags=re.DOTALL)
    return [m[0] for p in re.findall(r"<p>(.*?)</p>", made, re.DOTALL) for m in BROKEN.finditer(p)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_lists_and_tables_of_a_page_are_rendered(path):
    assert broken(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "- One.\n\n  ```sh\n  ls\n  ```\n\n  More of it.\n- Two.\n",
        "Some words\n- one\n- two\n",
        "Some words\n| A | B |\n",
    ],
)
def test_a_list_or_table_in_a_paragraph_is_seen(text):
    assert broken(text)
