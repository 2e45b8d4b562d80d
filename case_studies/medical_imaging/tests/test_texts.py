"""Tests of this case's pages: the checklist is whole, its lists agree, links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("claim_2024.md", "framing.md", "gpu.md", "interview.md", "shift.md")


def rows(text):
    """Return the checklist's answers (the last column) by item number."""
    found = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    assert len(found) == len(dict(found)), "an item stands twice"
    return {int(number): answer for number, answer in found}


def listed(text, label):
    """Return the item numbers that the top of the page lists under a label."""
    line = re.search(rf"\*\*{label}:\*\* ([\d, ]+)\.", text)
    return {int(number) for number in line[1].split(",")}


def faults(text):
    """Return what is wrong with the checklist page, in words."""
    answers = rows(text)
    said = {} if set(answers) == set(range(1, 45)) else {"items": sorted(answers)}
    for label, start in (("Not answered", "not answered:"), ("In part", "in part,")):
        found = {number for number, answer in answers.items() if answer.startswith(start)}
        if listed(text, label) != found:
            said[label] = sorted(found)
    return said


def test_the_checklist_is_whole_and_its_lists_agree():
    assert faults((ROOT / "docs" / PAGES[0]).read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize(
    ("old", "new", "label"),
    [
        ("| 44 |", "| 43.5 |", "items"),
        ("**Not answered:** 13, ", "**Not answered:** ", "Not answered"),
        ("in part, automatic:", "automatic;", "In part"),
    ],
)
def test_a_planted_gap_is_seen(old, new, label):
    text = (ROOT / "docs" / PAGES[0]).read_text(encoding="utf-8")
    assert text.count(old) == 1
    assert label in faults(text.replace(old, new))


@pytest.mark.parametrize("name", PAGES)
def test_links_of_the_pages_lead_somewhere(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    targets = set(re.findall(r"\]\(([^)#\s]+)", text))
    missing = [t for t in targets if not (ROOT / "docs" / t).exists()]
    assert targets and missing == []


def unlisted(names, nav, index):
    """Return the pages that the site's menu or its first page leaves out."""
    return {name for name in names if f": {name}\n" not in nav or f"]({name})" not in index}


def test_every_page_stands_in_the_menu_and_on_the_first_page():
    names = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert names >= set(PAGES)
    assert unlisted(names, nav, index) == set()
    assert unlisted(names, nav.replace(": shift.md\n", ": other.md\n"), index) == {"shift.md"}
    assert unlisted(names, nav, index.replace("(framing.md)", "")) == {"framing.md"}


def test_ten_questions_of_two_sentences():
    text = (ROOT / "docs" / "interview.md").read_text(encoding="utf-8")
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    answers = [part.split("\n", 1)[1].strip() for part in re.split(r"^## \d+\. ", text, flags=re.M)]
    ends = [len(re.findall(r"[.?!](?:\s|$)", answer)) for answer in answers[1:]]
    assert ends == [2] * 10
