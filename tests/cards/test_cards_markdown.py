"""An author's text cannot break a card: every mark of Markdown and HTML stays a letter."""

import re

import markdown as renderer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofolio.cards import markdown

HOSTILE = [
    "# a heading",
    "--> <script>alert(1)</script> <!--",
    "<!--claim dataset n_examples -->",
    "a | b | c",
    "1. one",
    "- item",
    "=====",
    "!!! danger",
    "![x](http://a.b/c.png)",
    "*a* _b_ `c` ~~d~~",
    "{: .class }",
    "a\n\n    code",
    "&lt;b&gt;",
    "\\`escaped\\`",
]


def rendered(text):
    return renderer.markdown(text, extensions=["tables", "attr_list", "admonition", "def_list"])


def seen(html):
    """Return the text a reader sees in rendered HTML."""
    import html as entities

    return " ".join(entities.unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_is_shown_as_typed(text):
    html = rendered(markdown.line(text))
    assert re.fullmatch(r"<p>[^<]*</p>", re.sub(r"</?a[^>]*>", "", html))
    assert seen(html).replace(" ", "") == "".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_stays_one_cell(text):
    html = rendered(markdown.table(("a", "b"), [(markdown.line(text), "end")]))
    assert html.count("<td>") == 2
    assert "<td>end</td>" in html


@given(st.text(alphabet=" -<>!#*_`|[](){}\\&;=+.:~1ab\n", max_size=40))
def test_no_text_opens_html_or_comments(text):
    made = markdown.line(text)
    assert "<!--" not in made and "-->" not in made and "\n" not in made
    assert re.fullmatch(r"(?:<p>[^<]*</p>)?", rendered(made))


def test_addresses_become_links_and_keep_their_letters():
    made = markdown.line("See https://example.org/a_b*c, (or http://x.y/?q=1&r=2).")
    html = rendered(made)
    assert 'href="https://example.org/a_b*c"' in html
    assert html.count("<a ") == 2


def test_a_complete_claim_of_an_author_passes_but_nothing_beside_it():
    claim = "<!--claim config:good val.auroc .3f ci-->0.9<!--/claim-->"
    made = markdown.line(f"Reaches {claim} <b>x</b>")
    assert claim in made
    assert "<b>" not in made


def test_paragraphs_and_lists_of_an_author_stay():
    html = rendered(markdown.paragraphs("One\nline.\n\n- first\n- *second*\n\nLast."))
    assert html.count("<p>") == 2
    assert "<li>first</li>" in html and "<li>*second*</li>" in html


@pytest.mark.parametrize("text", ["a`b", "``", "plain", "a|b"])
def test_code_holds_any_backticks(text):
    html = rendered(f"x {markdown.code(text)} y")
    assert html.count("<code>") == 1
