"""The navigation of a project's site: every page that `pages` wrote, none that is not there."""

import shutil
import subprocess
import sys

import finished_project
import pytest
from rendering import ROOT, hook

from proofolio import pages
from proofolio.pages.page import CHAPTERS

OVERRIDES = ROOT / "template" / "docs" / "_overrides"
NAV = [
    {"Home": "index.md"},
    {"Result": "result/index.md"},
    {"Cards": [{"Model card": "result/model_card.md"}]},
    {"GPU": "gpu.md"},
]
PLACES = {
    "result/decision.md": 3,
    "result/data_and_split.md": 1,
    "result/index.md": 50,
    "result/model_card.md": 80,
}


@pytest.fixture(scope="module")
def nav():
    return hook("nav")


def test_pages_of_the_result_stand_behind_it_in_order_and_named_ones_where_they_are(nav):
    assert nav.navigation(NAV, PLACES) == [
        NAV[0],
        {
            "Result": [
                {"Overview": "result/index.md"},
                "result/data_and_split.md",
                "result/decision.md",
            ]
        },
        *NAV[2:],
    ]


def test_before_the_first_pages_nothing_of_the_result_is_listed(nav):
    assert nav.navigation(NAV, {}) == [NAV[0], NAV[3]]


def test_other_names_that_lead_nowhere_are_left_for_mkdocs_to_refuse(nav):
    assert nav.navigation([{"Home": "nowhere.md"}], {}) == [{"Home": "nowhere.md"}]


def test_the_built_site_leads_to_every_chapter(tmp_path):
    shutil.copytree(OVERRIDES, tmp_path / "docs" / "_overrides")
    (tmp_path / "docs" / "index.md").write_text("# Tiny\n", encoding="utf-8")
    lines = ["site_name: tiny", "theme: mkdocs", "exclude_docs: _overrides/",
             "hooks: [docs/_overrides/links.py, docs/_overrides/nav.py]",
             "nav: [{Home: index.md}, {Result: result/index.md}]"]  # fmt: skip
    (tmp_path / "mkdocs.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    subprocess.run(build, cwd=tmp_path, check=True)  # before the first `pages`
    pages.write(*finished_project.shared(opened=True), tmp_path / "docs" / "result")
    subprocess.run(build, cwd=tmp_path, check=True)
    home = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        assert f'href="result/{chapter.name.removesuffix(".md")}/"' in home
        assert chapter.title in home
