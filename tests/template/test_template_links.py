"""Links from a project's pages to its evidence and code, as its site shows them."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import rendering

ROOT = Path(__file__).resolve().parents[2]
HOOK = ROOT / "template" / "docs" / "_overrides" / "links.py"
LEAVING = "See [audit.json](../evidence/audit.json).\n"


@pytest.fixture(scope="module")
def hook():
    return rendering.hook("links")


def mended(hook, text, page="notes.md", repo_url=None):
    page = SimpleNamespace(file=SimpleNamespace(src_uri=page))
    return hook.on_page_markdown(text, page=page, config={"repo_url": repo_url}, files=None)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[audit.json](../evidence/audit.json)", "`evidence/audit.json`"),
        ("[`audit.json`](../evidence/audit.json)", "`evidence/audit.json`"),
        ("[the audit](../evidence/audit.json#x)", "the audit (`evidence/audit.json`)"),
        ("[code](../../../src/a.py)", "code (`src/a.py`)"),
        ("[card](../MODEL_CARD.md#training)", "[card](result/model_card.md#training)"),
        ("[start](../README.md)", "[start](result/index.md)"),
        ("[near](near.md) and [web](https://e.org/../x)",) * 2,
    ],
)
def test_a_link_that_leaves_docs_becomes_what_the_site_has(hook, written, shown):
    assert mended(hook, written) == shown


def test_depth_of_the_page_counts(hook):
    text = "[up](../a.md) [card](../../DATA_CARD.md) [x](../../evidence/x.json)"
    shown = "[up](../a.md) [card](../result/data_card.md) x (`evidence/x.json`)"
    assert mended(hook, text, page="deep/page.md") == shown


def test_a_named_repository_is_linked_for_what_lies_in_it(hook):
    text = "[x](../evidence/x.json#L3) [y](../../y.py)"
    shown = "[x](https://e.org/r/blob/HEAD/evidence/x.json#L3) y (`y.py`)"
    assert mended(hook, text, repo_url="https://e.org/r.git/") == shown


@pytest.mark.parametrize("hooked", [True, False])
def test_strict_build_takes_such_a_link_only_with_the_hook(tmp_path, hooked):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(LEAVING, encoding="utf-8")
    shutil.copy(HOOK, tmp_path / "links.py")
    lines = ["site_name: tiny", "theme: mkdocs", *(["hooks: [links.py]"] if hooked else [])]
    lines.append("validation: {links: {not_found: warn, unrecognized_links: warn}}")
    (tmp_path / "mkdocs.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is hooked, done.stderr
    if hooked:
        html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
        assert "<code>evidence/audit.json</code>" in html
        assert not (tmp_path / "site" / "links.py").exists()
