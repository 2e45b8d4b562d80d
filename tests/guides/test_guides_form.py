"""Each guide has its front matter, its two last sections, folded prompts, and links that lead."""

import re

import pytest
from guides.guides_support import FOLDER, GUIDES, ROOT, front, links, prompts, prose, sections

from proofolio.claims import grammar
from proofolio.claims import prose as typed
from proofolio.rubric import criteria

GROUPS = {
    "Concepts": ["core-concepts", "model-families", "deep-or-classical", "frameworks"],
    "Data": ["units-and-splits", "leakage", "exploring-data", "augmentation", "class-imbalance"],
    "Evaluation": [
        *("metrics", "uncertainty", "calibration-and-thresholds", "training-curves"),
        *("one-variable", "errors-and-slices", "cards"),
    ],
    "Practice": ["reproducibility", "production", "industries", "portfolio"],
}
INDEX = FOLDER / "index.md"
CRITERIA = {criterion.code.lower() for criterion in criteria.rubric().criteria}
RUBRIC = re.compile(r"\.\./rubric/index\.md#([a-z]{2}\d)")
BUILT = re.compile(r"case_studies/([^/]+)/(.+)")  # pages that `proofolio pages` writes
WRITTEN = {"index.md", "model_card.md", "data_card.md"}
HEADING = re.compile(r"^#+ (.+?)(?: \{ #([\w-]+) \})?$", re.MULTILINE)


def read(path):
    return path.read_text(encoding="utf-8")


def faults(text, name="guide"):
    """Return what is wrong with a guide's form, as short words."""
    told, found = front(text), []
    if set(told) != {"title", "description", "group", "order"}:
        found.append("front matter")
    elif name not in GROUPS.get(told["group"], []) and name != "guide":
        found.append("group")
    description = told.get("description", "")
    if not description.endswith(".") or len(description) > 155:
        found.append("description")
    if sections(text)[-2:] != ["What enforces it", "Explain it simply"]:
        found.append("last sections")
    answers = [answer for _, answer in prompts(text)]
    if len(answers) < 3 or prose(text).count("???") != len(answers):
        found.append("prompts")
    if any(not 2 <= len(re.findall(r"[.?!](?=\s|$)", answer)) <= 6 for answer in answers):
        found.append("answers")
    named = set(RUBRIC.findall(prose(text).partition("## What enforces it")[2]))
    if not named or named - CRITERIA:
        found.append("criterion")
    if typed.unbound(grammar.parse(text)):
        found.append("typed number")
    return found


def astray(text, at):
    """Return the links of a page that lead nowhere; built pages count by what they are made of."""
    lost = []
    for link in links(text):
        where, _, anchor = link.partition("#")
        if link.startswith(("https://", "#")):
            continue
        target = (at.parent / where).resolve()
        built = BUILT.fullmatch(target.relative_to(ROOT / "docs").as_posix())
        if built:
            case = ROOT / "case_studies" / built[1]
            lead = case.is_dir() and (built[2] in WRITTEN or (case / "docs" / built[2]).is_file())
        else:
            lead = target.is_file() and (not anchor or anchor in anchors(read(target)))
        if not lead:
            lost.append(link)
    return lost


def anchors(text):
    return {
        own or re.sub(r"[^\w\s-]", "", title).strip().lower().replace(" ", "-")
        for title, own in HEADING.findall(prose(text))
    }


def test_guides_are_those_agreed_on():
    assert {path.stem for path in GUIDES} == {name for names in GROUPS.values() for name in names}


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_form_of_a_guide(path):
    assert faults(read(path), path.stem) == []


@pytest.mark.parametrize("path", [INDEX, *GUIDES], ids=lambda path: path.stem)
def test_links_of_a_guide_lead_somewhere(path):
    assert astray(read(path), path) == []


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_figures_of_a_guide_say_what_they_show(path):
    for figure in re.findall(r"<svg\b.*?</svg>", read(path), re.DOTALL):
        opened = figure.partition(">")[0]
        assert 'role="img"' in opened and "<title" in figure and "<desc" in figure
        assert not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb\(", figure.partition("<desc")[0])


def test_index_lists_each_guide_once_under_its_group():
    listed = {
        part.partition("\n")[0]: re.findall(r"^- \[[^\]]+\]\(([\w-]+)\.md\)", part, re.MULTILINE)
        for part in read(INDEX).split("\n## ")[1:]
    }
    assert listed == GROUPS


SOUND = """---
title: A guide
description: One sentence.
group: Data
order: 1
---

# A guide

## What enforces it

- [SL1](../rubric/index.md#sl1)

## Explain it simply

??? question "One?"
    A sentence. Another.

??? question "Two?"
    A sentence. Another.

??? question "Three?"
    A sentence. Another.
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("# A", "# A", None),
        ("order: 1\n", "", "front matter"),
        ("One sentence.", "x" * 160 + ".", "description"),
        ("## What enforces it", "## More", "last sections"),
        ('??? question "Three?"', "Three?", "prompts"),
        ("    A sentence. Another.\n\n??? question", "    One.\n\n??? question", "answers"),
        ("#sl1", "#zz9", "criterion"),
        ("# A guide\n", "# A guide\n\nThe AUROC is 0.9.\n", "typed number"),
    ],
)
def test_a_planted_fault_is_seen(old, new, fault):
    found = faults(SOUND.replace(old, new, 1))
    assert fault in found if fault else found == []


def test_a_link_that_leads_nowhere_is_seen():
    text = (
        "[a](nowhere.md) [b](leakage.md#none) [c](../case_studies/no_case/index.md) [d](leakage.md)"
    )
    assert len(astray(text, INDEX)) == 3
