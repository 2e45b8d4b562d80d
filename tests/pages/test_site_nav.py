"""The hooks of this repository's site: navigation from what exists, and a description of pages."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


def hook(name):
    path = ROOT / "docs" / "_overrides" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(title=None, **front):
    told = "".join(f"{key}: {value}\n" for key, value in front.items())
    heading = f"# {title}\n" if title else "words\n"
    return SimpleNamespace(content_string=f"---\n{told}---\n{heading}" if front else heading)


def navigation(**pages):
    return hook("nav").navigation({uri.replace("__", "/") + ".md": p for uri, p in pages.items()})


def test_a_section_without_a_page_is_left_out():
    assert navigation(index=page("Proofolio")) == [{"Home": "index.md"}]


def test_guides_stand_in_groups_by_order_and_an_unknown_group_comes_last():
    shown = navigation(
        index=page("Proofolio"),
        guides__index=page("Guides"),
        guides__b=page(title="B", group="Data", order=2),
        guides__a=page(title="A", group="Data", order=10),
        guides__c=page(title="C", group="Concepts"),
        guides__d=page(title="D"),
    )
    assert shown[1]["Guides"] == [
        {"Guides": "guides/index.md"},
        {"Concepts": [{"C": "guides/c.md"}]},
        {"Data": [{"B": "guides/b.md"}, {"A": "guides/a.md"}]},
        {"More": [{"D": "guides/d.md"}]},
    ]


def test_a_case_study_is_named_by_its_page_and_those_named_first_come_first():
    shown = navigation(
        index=page("Proofolio"),
        case_studies__index=page("Case studies", cases="[z, b]"),
        case_studies__a__index=page("Apples"),
        case_studies__z__index=page("Zebras"),
        case_studies__z__card=page("Card"),
        case_studies__z__data=page("Data", order=1),
    )
    assert shown[1]["Case studies"] == [
        {"Case studies": "case_studies/index.md"},
        {
            "Zebras": [
                "case_studies/z/index.md",
                {"Data": "case_studies/z/data.md"},
                {"Card": "case_studies/z/card.md"},
            ]
        },
        {"Apples": ["case_studies/a/index.md"]},
    ]


def test_start_has_its_order_and_reference_takes_what_belongs_nowhere_else():
    shown = navigation(
        index=page("Proofolio"),
        start__machines=page("Machines"),
        start__index=page("Start"),
        other=page("Other"),
        evidence=page("Evidence"),
        reference__api__index=page("API"),
        reference__api__b=page("pack.b", order=1),
        reference__api__a=page("pack.a", order=2),
    )
    assert shown[1:] == [
        {"Get started": [{"Start": "start/index.md"}, {"Machines": "start/machines.md"}]},
        {
            "Reference": [
                {"Evidence": "evidence.md"},
                {"Other": "other.md"},
                {
                    "Package API": [
                        "reference/api/index.md",
                        {
                            "pack": [
                                {"pack.b": "reference/api/b.md"},
                                {"pack.a": "reference/api/a.md"},
                            ]
                        },
                    ]
                },
            ]
        },
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# A\n\n<!-- made -->\n\nFirst *words*, [linked](x.md).\n\nMore.", "First words, linked."),
        ("# A\n\n| a |\n| --- |\n\n- point\n\n```\ncode\n\nmore\n```\n\nWords.", "Words."),
        ("# A\n\n<figure><p>x</p></figure>\n\n`x_y` &lt;b&gt; 3\\_4", "x_y <b> 3_4"),
        ("# A\n", ""),
    ],
)  # fmt: skip
def test_a_page_is_described_by_its_first_words(text, told):
    assert hook("describe").described(text) == told


def test_a_description_ends_at_a_word_and_one_in_the_front_matter_stays():
    module = hook("describe")
    cut = module.described("word " * 60)
    assert len(cut) <= 155 and cut.endswith("word…")
    own = SimpleNamespace(meta={"description": "Mine."})
    module.on_page_markdown("Others.", page=own)
    assert own.meta == {"description": "Mine."}
