"""What a graded repository says cannot act: no markup, no escape, no formula, no mention."""

import csv
import io

import pytest
from rich.text import Text
from rubric import made_up as graded
from rubric.tags import tags

from proofolio.rubric import report
from proofolio.rubric.report import gradebook, html, terminal, text

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }} {% include 'x' %}",
    "a\nb\r\n# heading\n| cell |",
    "\x1b[2J\x1b]0;owned\x07 \x9b31m",
    "\u202eexe.gpj \u2066 \u2028 \ufeff",
    "undecoded \udc80\udcff name",
    "[link](javascript:alert(1)) ![p](http://x/y.png) <!-- gone -->",
    "<!--claim run:x val.auroc-->0.999<!--/claim-->",
    "`code` and `` more",
    "@everyone see #1 and owner/repo#2",
    "[bold red]markup[/]",
    '=HYPERLINK("http://x","y")',
    "x" * 100_000,
]


def poisoned(told):
    """A result in which every free text is `told`."""
    made = graded.project(told, {"SL1": "fail", "BU1": "partial"}, ["SL1"])
    made |= {"name": told, "commit": told, "notes": [told]}
    made["gates"] = [{"code": "SL1", "reason": told}]
    for section in made["sections"]:
        section["title"] = told
    for criterion in made["criteria"]:
        criterion |= {key: told for key in ("title", "message", "fix", "why", "url")}
        criterion["evidence"] = [told] * 3
    made["answers"] = [
        {"grader": f"{told}{k}", "levels": {"PD4": k, "EL5": k + 1}} for k in range(2)
    ]
    other = graded.project("other", {})
    made["since"] = {
        "grade": ["sound", "not yet"],
        "total": [60, 50],
        "gates_mended": [told],
        "gates_failed": [told],
        "criteria": [{"code": told, "title": told, "status": ["pass", "fail"], "points": [1, 0]}],
    }
    return [graded.result(made), graded.result(made, other)]


@pytest.mark.parametrize("told", HOSTILE, ids=range(len(HOSTILE)))
def test_html_has_the_tags_of_a_harmless_page(told):
    for bad, good in zip(poisoned(told), poisoned("harmless"), strict=True):
        pages = [(html.write(bad), html.write(good))]
        pages += zip(html.pages(bad).values(), html.pages(good).values(), strict=True)
        for page, expected in pages:
            page.encode()
            found = tags(page)
            assert {*found.tags} - {"code"} <= {*tags(expected).tags}
            assert found.tags.count("script") == tags(expected).tags.count("script")
            assert not [a for a in found.attributes if a[1].startswith("on")]
            addresses = [value for _, name, value in found.attributes if name in ("href", "src")]
            assert all(a.startswith(("#", "data:,", "projects/", "../", "gradebook", "result.json"))
                       for a in addresses)  # fmt: skip
            assert not [c for c in page if c not in "\n\t" and text.visible(c) != c]


@pytest.mark.parametrize("told", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", ["rich", "markdown", "csv"])
def test_text_has_no_character_that_acts(name, told):
    for result in poisoned(told):
        page = report.FORMATS[name](result)
        page.encode()
        acting = {c for c in page if c != "\n" and text.visible(c) != c}
        assert acting <= {"\u2060"}  # the word joiner that breaks mentions in Markdown


@pytest.mark.parametrize("told", HOSTILE, ids=range(len(HOSTILE)))
def test_markdown_has_no_markup_of_the_repository(told):
    import markdown_it

    single, several = (report.FORMATS["markdown"](result) for result in poisoned(told))
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table")
    for page in (single, several):
        for token in parser.parse(page):
            for child in token.children or ():
                assert child.type not in ("image", "html_inline")
                if child.type == "text":  # within code a forge looks for no mention
                    assert "@everyone" not in child.content and "see #1" not in child.content
                if child.type == "link_open":
                    assert child.attrs["href"].startswith("http://x")
            if token.type == "html_block":
                allowed = ("<details>\n<summary>", "</details>")
                assert token.content.startswith(allowed)
                assert {*tags(token.content).tags} <= {"details", "summary"}
    assert len(single) <= 65_536


def test_the_terminal_shows_markup_as_text():
    page = terminal.write(poisoned("[bold red]markup[/] :smile:")[0], colour=False, width=200)
    assert "[bold red]markup[/] :smile:" in page


def test_colour_is_only_written_by_the_report_itself():
    page = terminal.write(poisoned("\x1b[2J")[0], colour=True, width=200)
    assert "\x1b[" in page and "\x1b[2J" not in page
    assert "\\x1b[2J" in Text.from_ansi(page).plain


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", '"=1'])
def test_a_spreadsheet_evaluates_nothing(start):
    result = graded.result(graded.project(start, {}, [start]))
    rows = list(csv.reader(io.StringIO(report.FORMATS["csv"](result))))
    assert rows[1][0].startswith("'") or rows[1][0].startswith("\\t")
    assert rows[1][4].startswith("'") or start[0] in "\t "
    assert gradebook.guarded(-1) == -1


def test_text_is_cut_and_made_visible():
    assert text.visible("a\nb\x1b[0m") == "a\\nb\\x1b[0m"
    assert text.visible("\udc80") == "\\udc80"
    assert text.visible("ok é 漢 \u200d") == "ok é 漢 \u200d"
    assert len(text.visible("x" * 10_000)) == text.LONGEST
    assert text.line(" a\n\n b ") == "a b"
    made = text.harmless({"path": "a\nb", "message": "a\nb", "points": 1.5, "evidence": ["a\tb"]})
    assert made == {"path": "a\\nb", "message": "a b", "points": 1.5, "evidence": ["a\\tb"]}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/a#b", True),
        ("rubric/#pd1", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("\\\\evil.example", False),
        ("https://a\u202e", False),
    ],
)
def test_links_lead_where_a_page_may_lead(url, kept):
    assert text.address(url) == (url if kept else "")
