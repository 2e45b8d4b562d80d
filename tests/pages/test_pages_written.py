"""The result page from real evidence, and the site it stands on."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import builders
import finished_project
import pandas as pd
import pytest
import site_pages

from proofolio import claims, evidence, files, pages, project, splits, verify
from proofolio.contract import Layout

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    layout, author = finished_project.shared(opened=True)
    return pages.write(layout, author, tmp_path_factory.mktemp("into") / "case")


def first_screen(text):
    return text.split("\n## ")[0]


def test_the_first_screen_holds_what_a_reviewer_needs(page):
    first = first_screen(finished_project.pages_text(page))
    for part in ("Problem.", "Decision it supports.", "| Result |", "published", "strongest limit"):
        assert part in first
    assert re.search(r"test\.auroc \.3f ci-->0\.\d{3} \(95% CI", first)
    assert first.count("<svg") == 1
    assert "python -m tiny all" in first
    assert "Demo data" in first


def test_every_figure_has_its_numbers_and_a_text_alternative(page):
    text = finished_project.pages_text(page)
    drawn = re.findall(r'<svg[^>]* id="figure-([\w-]+)"', text)
    linked = re.findall(r"\]\(data/([\w]+)\.csv\)", text)
    assert sorted(drawn) == sorted(name.replace("_", "-") for name in linked)
    written = {p.stem for p in (page.parent / "data").glob("*.csv")}
    assert sorted(linked) == sorted(written - {"net_benefit"})  # the explorer's, on its own page
    assert len(drawn) >= 18
    assert text.count('role="img"') == text.count("</desc>") == len(drawn)
    assert all(len(pd.read_csv(page.parent / "data" / f"{n}.csv")) for n in linked)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_negative_and_failed_runs_are_in_the_log(tmp_path):
    layout, _ = finished_project.shared(opened=False)
    shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    layout, author = Layout(tmp_path / "copy"), project.load(tmp_path / "copy")
    with (
        pytest.raises(RuntimeError),
        evidence.Recorder(layout, author, "good_slow", 0, ["x"], again=True),
    ):
        raise RuntimeError("out of <memory>")
    text = finished_project.pages_text(pages.write(layout, author))
    log = text.split("## Experiments log")[1].split("\n## ")[0]
    assert "A smaller step helps." in log
    assert "`optim.lr` from `0.1` to `0.01`, all else as in `good`" in log
    assert "out of &lt;memory&gt;" in log
    assert log.count("**Conclusion:** not written yet") == 3


def test_a_number_of_a_demonstration_split_is_called_so(tmp_path, monkeypatch):
    base = builders.project_dict()
    shown = {"strategy": "stratified", "purpose": "demonstration", "rationale": "Made to leak."}
    one = base["ladder"][1] | {"name": "leaking", "split": "shown"}
    two = base["ladder"][2] | {"name": "leaking_slow", "split": "shown", "parent": "leaking"}
    changes = {"splits": [*base["splits"], shown | {"name": "shown"}], "ladder": [one, two]}
    layout, author = finished_project.start(tmp_path / "project", **changes)
    splits.write(layout, splits.make(builders.example_frame(units=90), author.splits[1]))
    for name in ("leaking", "leaking_slow"):
        monkeypatch.setitem(finished_project.SKILL, name, 1.5)
    finished_project.train(layout, author)
    evidence.summarise(layout, author)
    log = finished_project.pages_text(pages.write(layout, author)).split("## Experiments log")[1]
    lines = [line for line in log.splitlines() if "config:leaking" in line or "_leaking" in line]
    assert len(lines) >= 2 and all("on split shown, a demonstration" in line for line in lines)
    assert "demonstration" not in str(verify.run(layout.root).problems)


def test_before_the_opening_nothing_of_test_is_shown(tmp_path):
    layout, author = finished_project.shared(opened=False)
    text = finished_project.pages_text(pages.write(layout, author, tmp_path))
    assert "sealed" in first_screen(text)
    assert not re.search(r"(?:roc|pr|confusion|reliability)_test", text)
    assert " test." not in " ".join(re.findall(r"<!--claim .*?-->", text))


def test_every_number_of_the_page_is_bound(page, tmp_path):
    layout, _ = finished_project.shared(opened=True)
    shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    shown = tmp_path / "copy" / "docs" / "shown.md"
    files.write_text(shown, finished_project.pages_text(page))
    assert claims.check(tmp_path / "copy", strict=True) == []
    edited = re.sub(
        r"(test\.auroc \.3f ci-->)0\.\d", r"\g<1>0.1", finished_project.pages_text(page)
    )
    files.write_text(shown, edited)
    assert any("test.auroc" in p.what for p in claims.check(tmp_path / "copy"))


def test_the_default_folder_is_the_projects_own(tmp_path):
    layout, author = finished_project.start(tmp_path / "new")
    index = pages.write(layout, author)
    assert index == layout.root / "docs" / "result" / "index.md"
    assert "Not measured yet" in first_screen(index.read_text())


def test_a_figure_no_longer_drawn_leaves_no_csv(page):
    files.write_text(page.parent / "data" / "old.csv", "x\n")
    layout, author = finished_project.shared(opened=True)
    before = finished_project.pages_text(page)
    pages.write(layout, author, page.parent)
    assert not (page.parent / "data" / "old.csv").exists()
    assert finished_project.pages_text(page) == before


def test_the_site_builds_strictly_and_asks_for_nothing_outside(tmp_path):
    cases = site_pages.copy(tmp_path)
    (cases / "tiny" / "sheets").mkdir(parents=True)
    (cases / "tiny" / "sheets" / "misses.webp").write_bytes(b"picture")
    pages.write(*finished_project.shared(opened=True), cases / "tiny")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=quiet_environment()
    )
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "site" / "case_studies" / "tiny" / "index.html").read_text()
    assert html.count("<svg xmlns") >= 10
    assert "&lt;svg" not in html and "<!--claims ladder-->" in html
    assert re.search(r"<td[^>]*>prior</td>", html)
    for built in sorted((tmp_path / "site").rglob("*.html")):
        asked = re.findall(
            r'<(?:link|script|img|iframe)[^>]*(?:href|src)="(https?:[^"]+)', built.read_text()
        )
        assert [a for a in asked if "canonical" not in a] == []
    assert 'role="dialog" aria-label="Search"' in html
    shown = tmp_path / "site" / "case_studies" / "tiny" / "errors_and_slices" / "index.html"
    (picture,) = re.findall(r'<img[^>]*src="([^"]*misses.webp)"', shown.read_text())
    assert (shown.parent / picture).resolve().read_bytes() == b"picture"


def quiet_environment():
    import os

    return os.environ | {"NO_MKDOCS_2_WARNING": "1"}
