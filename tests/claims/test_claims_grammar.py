import pytest

from proofolio import claims

CLAIM = "<!--claim dataset n_examples ,-->5<!--/claim-->"


def faults(text):
    return [fault.what for fault in claims.parse(text).faults]


@pytest.mark.parametrize(
    "text",
    [
        f"We use {CLAIM} images.",
        f"- We use {CLAIM} images.",
        f"| a | {CLAIM} |",
        f"**{CLAIM}** images",
        f"[we use {CLAIM}](page.md)",
        f"- item\n\n    a paragraph of the item with {CLAIM}",
        f"a `code` and {CLAIM} and `code`",
        "text\n\n<!--claims ladder-->\n| a |\n<!--/claims-->\n",
        "<!--not-a-claim: shows the syntax-->\n```\n" + CLAIM + "\n```\n",
        f"`{CLAIM}` <!--not-a-claim: shows the syntax-->",
        f"---\ntitle: {CLAIM}\n---\n",
    ],
)
def test_a_claim_may_stand_where_markdown_keeps_it(text):
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"{CLAIM} images", "start of its line"),
        (f"  {CLAIM} images", "start of its line"),
        (f"- {CLAIM} images", "start of its line"),
        (f"> 1. {CLAIM} images", "start of its line"),
        (f"## We use {CLAIM}", "in a heading"),
        (f"We use {CLAIM}\n======", "in a heading"),
        (f"see `{CLAIM}`", "in code"),
        (f"see `a\nb {CLAIM}`", "in code"),
        (f"```text\nwe use {CLAIM}\n```", "in code"),
        (f"text\n\n    code {CLAIM}", "in code"),
        (f"![figure with {CLAIM}](a.svg)", "alternative text"),
        (f'<img alt="with {CLAIM}" src="a.svg">', "alternative text"),
        (f"[a](b-{CLAIM}.md)", "a link's address"),
        ("a <!--claim dataset n-->5", "is not closed"),
        ("a <!--claim dataset n-->5\nb<!--/claim-->", "is not closed"),
        ("a <!--claim dataset n-->5 <!--claim dataset m-->6<!--/claim--><!--/claim-->", "inside"),
        ("a 5<!--/claim-->", "closes nothing"),
        ("a <!-- claim dataset n-->5<!--/claim-->", "begins with a space"),
        ("a <!--claim nothing n-->5<!--/claim-->", "not a claim"),
        ("a <!--claim dataset-->5<!--/claim-->", "not a claim"),
        ("a <!--claim dataset n .3f ic-->5<!--/claim-->", "not a claim"),
        ("a <!--claims ladder-->\n<!--/claims-->", "shares its line"),
        ("<!--claims ladder-->\n| a |", "is not closed"),
        ("<!--claims a b-->\n<!--/claims-->", "names one result"),
        ("<!--claims in:x a b-->\n<!--/claims-->", "names one result"),
    ],
)
def test_a_claim_is_refused_where_markdown_breaks_it(text, what):
    assert any(what in fault for fault in faults(text)), faults(text)


def test_positions_enclose_exactly_the_text():
    text = f"one {CLAIM}\ntwo {CLAIM} end"
    first, second = claims.parse(text).claims
    assert (first.line, second.line) == (1, 2)
    assert text[second.start : second.end] == second.text == "5"
