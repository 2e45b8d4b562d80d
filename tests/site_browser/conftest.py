"""The site for a browser: as `make site` left it where that is up to date, else built."""

import os
import subprocess
import sys

import browser
import fetched
import pytest
import site_pages


def newest(folder):
    """Return when the newest file of a folder was written."""
    return max(path.stat().st_mtime for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site; without the pages of case studies where it was built here."""
    made = site_pages.ROOT / "site" / "index.html"
    sources = max(
        newest(site_pages.ROOT / "docs"), (site_pages.ROOT / "mkdocs.yml").stat().st_mtime
    )
    if made.is_file() and made.stat().st_mtime >= sources:
        return made.parent
    into = tmp_path_factory.mktemp("site_browser")
    site_pages.copy(into)
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet"],
        cwd=into, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return into / "site"


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served from, with a slash at its end."""
    with browser.served(site) as told:
        yield told


@pytest.fixture(scope="module")
def axe():
    return (fetched.package("axe", "axe-core") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def page(chromium, address):
    """A page without motion; a request to elsewhere or an error in its console fails the test."""
    context = chromium.new_context(bypass_csp=True, reduced_motion="reduce")
    opened, asked, failed = context.new_page(), [], []
    context.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: failed.append(str(error)))
    opened.on("console", lambda m: failed.append(m.text) if m.type == "error" else None)
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert failed == []
