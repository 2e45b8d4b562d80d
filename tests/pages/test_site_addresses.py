"""The site of this repository works below any path of a host."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import addresses
import browser
import pytest

ROOT = Path(__file__).resolve().parents[2]
BELOW = "some/path"
ADDRESS = f"https://example.org/{BELOW}/"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A folder that is the root of a host, with the site below a path of it."""
    root = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "mkdocs.yml", root)
    shutil.copytree(ROOT / "docs", root / "docs")
    settings = os.environ | {"NO_MKDOCS_2_WARNING": "1", "SITE_URL": ADDRESS}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-d", root / "host" / BELOW]
    done = subprocess.run(command, cwd=root, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return root / "host"


def test_nothing_begins_at_the_root_of_the_host(host):
    assert addresses.rooted(host / BELOW) == []


def test_the_page_for_a_wrong_address_knows_where_the_site_is(host):
    text = (host / BELOW / "404.html").read_text(encoding="utf-8")
    asked = re.findall(r'(?:href|src)="(/[^"]*)"', text)
    assert asked and all(address.startswith(f"/{BELOW}/") for address in asked)


@pytest.mark.parametrize(
    "planted",
    ['<img alt="" src="/a.png">', '<a href="/start/">', '<script src="https://example.org/a.js">'],
)
def test_a_planted_address_is_seen(planted, tmp_path):
    (tmp_path / "index.html").write_text(f'<a href="start/">{planted}', encoding="utf-8")
    assert len(addresses.rooted(tmp_path)) == 1
    (tmp_path / "a.css").write_text("a { background: url('/b.png') }", encoding="utf-8")
    assert len(addresses.rooted(tmp_path)) == 2


class TestInABrowser:
    """What a visitor's browser asks for, and what it gets."""

    pytestmark = browser.MARKS

    def test_every_file_of_a_page_is_found_and_the_search_answers(self, host, chromium):
        with browser.served(host) as base:
            page, missing = chromium.new_page(), []
            page.on("response", lambda r: missing.append(r.url) if r.status >= 400 else None)
            page.goto(f"{base}{BELOW}/start/")
            page.get_by_role("link", name="Updating").first.click()
            page.wait_for_url(f"{base}{BELOW}/start/updating/")
            page.locator(".md-search__input").focus()
            page.wait_for_selector(".md-search-result__meta:has-text('Type')", state="attached")
            page.locator(".md-search__input").press_sequentially("baselines")
            page.wait_for_selector(".md-search-result__item")
            first = page.locator(".md-search-result__link").first.get_attribute("href")
            assert first.startswith(f"{base}{BELOW}/") and missing == []

    def test_from_the_file_system_a_page_is_styled(self, host, chromium):
        page = chromium.new_page()
        page.goto((host / BELOW / "start" / "index.html").as_uri())
        height = page.locator(".md-header").evaluate("e => getComputedStyle(e).position")
        assert height == "sticky"
        link = page.get_by_role("link", name="Updating").first
        assert link.get_attribute("href").endswith("/start/updating/index.html")
        link.click()
        page.wait_for_url("file://**/start/updating/index.html")
