"""An author's pages beside the result page: claims bound, links mended, broken ones refused."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import finished_project
import pytest
import site_pages

from proofolio import files, pages, project
from proofolio.contract import ClaimError, Layout, ProjectError
from proofolio.figures import Facts
from proofolio.pages import authored, page

ROOT = Path(__file__).parents[2]
NOTES = """# What we `saw` #

AUROC <!--claim config:good test.auroc .3f-->0.111<!--/claim-->, see [the card](../MODEL_CARD.md),
[the README](../README.md), [the result](result/index.md), [dataset.json][1] and
[dataset.json](../evidence/dataset.json), [how](other.md#why), [GPU](gpu.md),
[elsewhere](https://example.org/a).

[1]: https://example.org/b
"""

CHAPTERS = [chapter.name for chapter in page.CHAPTERS]


@pytest.fixture
def copy(tmp_path):
    layout, _ = finished_project.shared(opened=True)
    shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    layout = Layout(tmp_path / "copy")
    texts = {
        "notes": NOTES,
        "other": "# Other\n\n## Why\n\nText.\n",
        "index": "# Home\n",
        "gpu": "# GPU\n",
    }
    for name, text in texts.items():
        files.write_text(layout.root / "docs" / f"{name}.md", text)
    return layout, project.load(layout.root)


def written(layout, author, into):
    pages.write(layout, author, into)
    return (into / "notes.md").read_text()


def test_pages_are_copied_with_claims_bound_and_links_mended(copy, tmp_path):
    layout, author = copy
    text = written(layout, author, tmp_path / "site")
    assert re.search(r"test\.auroc \.3f-->0\.(?!111)\d{3}<", text)
    for link in (
        "[the card](model_card.md)",
        "[the README](index.md)",
        "[the result](index.md)",
        "[how](other.md#why)",
        "[elsewhere](https://example.org/a)",
        "[dataset.json][1]",
        "\n`evidence/dataset.json`, [how]",
        "GPU (`docs/gpu.md`)",
    ):
        assert link in text
    kept = {path.name for path in (tmp_path / "site").glob("*.md")}
    written_pages = {"index.md", "model_card.md", "data_card.md", "net_benefit.md", *CHAPTERS}
    assert kept == {*written_pages, "notes.md", "other.md"}


def test_a_page_with_the_name_of_a_chapter_is_refused(copy, tmp_path):
    layout, author = copy
    files.write_text(layout.root / "docs" / "decision.md", "# Mine\n")
    with pytest.raises(ProjectError, match=r"decision\.md has the name of a page that is written"):
        pages.write(layout, author, tmp_path / "site")


def test_a_link_to_a_file_leads_to_the_repository_where_there_is_one(copy, tmp_path):
    layout, author = copy
    author.repository = "https://example.org/me/it.git"
    text = written(layout, author, tmp_path / "site")
    known = "https://example.org/me/it/blob/HEAD/evidence/dataset.json"
    assert f"[dataset.json]({known})" in text


def test_the_result_page_lists_them_near_the_top_by_their_headings(copy, tmp_path):
    layout, author = copy
    pages.write(layout, author, tmp_path / "site")
    text = (tmp_path / "site" / "index.md").read_text()
    listed = text.split("\n## ")[1].splitlines()
    assert listed[0] == "What stands behind it"
    assert [line.split("(")[1].split(")")[0] for line in listed[2:7]] == CHAPTERS
    assert listed[7:] == [
        "- To try in the browser: [What if: other thresholds](net_benefit.md)",
        r"- In the author's words: [What we \`saw\`](notes.md); [Other](other.md)",
        "- Cards: [Model card](model_card.md); [Data card](data_card.md)",
    ]


def test_they_stand_in_the_order_of_the_projects_own_navigation_under_its_names(copy, tmp_path):
    layout, author = copy
    nav = "nav:\n  - Home: index.md\n  - Others first?: other.md\n  - Seen: notes.md\n"
    files.write_text(layout.root / "mkdocs.yml", nav)
    into = tmp_path / "site"
    pages.write(layout, author, into)
    assert (into / "other.md").read_text().startswith('---\ntitle: "Others first?"\norder: 61\n')
    assert (into / "notes.md").read_text().startswith('---\ntitle: "Seen"\norder: 62\n')
    text = (into / "index.md").read_text()
    assert text.index("(other.md)") < text.index("(notes.md)")


def test_the_projects_own_site_links_to_them_where_they_are(copy):
    layout, author = copy
    index = pages.write(layout, author)
    assert "[Other](../other.md)" in index.read_text()
    assert not (index.parent / "other.md").exists()


def test_a_page_removed_by_its_author_goes_and_nothing_else(copy, tmp_path):
    layout, author = copy
    pages.write(layout, author, tmp_path / "site")
    files.write_text(tmp_path / "site" / "by_hand.md", "# By hand\n")
    files.write_text(layout.root / "docs" / "notes.md", "# Notes\n")
    (layout.root / "docs" / "other.md").unlink()
    pages.write(layout, author, tmp_path / "site")
    assert not (tmp_path / "site" / "other.md").exists()
    assert (tmp_path / "site" / "by_hand.md").is_file()
    assert (tmp_path / "site" / "notes.md").is_file()


@pytest.mark.parametrize("link", ["../evidence/nothing.json", "nothing.md", "../index.md"])
def test_a_link_to_a_file_that_is_not_there_is_refused(copy, tmp_path, link):
    layout, author = copy
    files.write_text(layout.root / "docs" / "notes.md", f"# Notes\n\n[This]({link}).\n")
    with pytest.raises(ProjectError, match=r"notes\.md links to a file that is not there"):
        pages.write(layout, author, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_claim_of_nothing_recorded_is_refused(copy, tmp_path):
    layout, author = copy
    text = "# Notes\n\nIt is <!--claim config:unheard test.auroc--><!--/claim-->.\n"
    files.write_text(layout.root / "docs" / "notes.md", text)
    with pytest.raises(ClaimError, match=r"docs/notes\.md:3"):
        pages.write(layout, author, tmp_path / "site")


def test_the_hook_of_a_projects_own_site_answers_alike(copy):
    layout, author = copy
    path = ROOT / "template" / "docs" / "_overrides" / "links.py"
    spec = importlib.util.spec_from_file_location("links", path)
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    files.write_text(layout.root.parent / "outside.py", "")
    links = (
        "[dataset.json](../evidence/dataset.json) [`dataset.json`](../evidence/dataset.json#a)",
        "[it](../project.yaml) [folder](../evidence/) [README](../README.md#x)",
        "[outside.py](../../outside.py) [cards](../MODEL_CARD.md), [here](../DATA_CARD.md)",
    )
    for repository in (None, "https://example.org/me/it.git"):
        author.repository = repository
        for text in links:
            files.write_text(layout.root / "docs" / "notes.md", text)
            page = SimpleNamespace(file=SimpleNamespace(src_uri="notes.md"))
            theirs = hook.on_page_markdown(text, page=page, config={"repo_url": repository})
            ours = authored.copies(Facts(layout, author), layout.root / "elsewhere")["notes.md"]
            assert ours.splitlines()[0] == theirs.replace("](result/", "](")


def built(root):
    from os import environ

    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=root,
        capture_output=True,
        text=True,
        env=environ | {"NO_MKDOCS_2_WARNING": "1"},
    )


def test_the_site_shows_the_pages_and_a_broken_link_fails_its_strict_build(copy, tmp_path):
    layout, author = copy
    site = tmp_path / "site_root"
    site.mkdir()
    into = site_pages.copy(site) / "tiny"
    pages.write(layout, author, into)
    done = built(site)
    assert done.returncode == 0, done.stderr
    listed = (site / "site" / "case_studies" / "index.html").read_text()
    assert f'<a href="tiny/">{author.title}</a>' in listed
    home = (site / "site" / "index.html").read_text()
    assert f'<a href="case_studies/tiny/">{author.title}</a>' in home
    assert home.count('id="figure-headline-tiny"') == 1
    assert "<code>good</code>, chosen on validation" in home
    assert re.search(r"<strong>0\.\d{3}</strong> <small>\(95% CI 0\.\d{3}-0\.\d{3}\)", home)
    card = home.split('href="case_studies/tiny/"')[1].split("site-card")[0]
    assert "strongest limit" in card and "Grade." not in card
    assert (site / "site" / "case_studies" / "tiny" / "notes" / "index.html").is_file()
    files.write_text(layout.root / "docs" / "other.md", "# Other\n\n## Why not\n")
    pages.write(layout, author, into)
    done = built(site)
    assert done.returncode != 0
    assert "other.md#why" in done.stderr + done.stdout
