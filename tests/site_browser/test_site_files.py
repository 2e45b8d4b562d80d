"""The site opened from the file system: what works, and what says that it does not."""

import browser
import looking
import pytest

pytestmark = browser.MARKS
LEAD = """() => [...document.links].map((link) => link.href)
  .filter((address) => address.startsWith("file:"))"""
EXPLORERS = {
    "case_studies/medical_imaging/net_benefit/index.html": "#net-benefit input[type=range]",
    "case_studies/fraud_sequences/what_if/index.html": "#what-if input[type=range]",
}


@pytest.fixture
def opened(chromium):
    """A page of the file system; an error in it, or a request to a network, fails the test."""
    context = chromium.new_context()
    page, asked, failed = context.new_page(), [], []
    context.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    yield page
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert failed == []


def test_every_link_leads_to_a_file(opened, site):
    lost = {}
    there = {path.as_uri() for path in site.rglob("*") if path.is_file()}
    for name in looking.names(site):
        opened.goto((site / name).as_uri(), wait_until="domcontentloaded")
        asked = {link.partition("#")[0].partition("?")[0] for link in opened.evaluate(LEAD)}
        if told := asked - there:
            lost[name] = told
    lost.pop("404.html", None)  # a server's page: its links begin at the server's root
    assert lost == {}


def test_a_reader_goes_from_page_to_page_and_reads_why_there_is_no_search(opened, site):
    looking.ready(opened, (site / "index.html").as_uri())
    opened.locator(".md-tabs__link", has_text="Guides").click()
    opened.wait_for_url("**/guides/index.html")
    looking.ready(opened, opened.url)
    assert not opened.locator(".md-search").is_visible()
    assert "search needs a server" in opened.locator("article .proof-from-files").inner_text()


def test_a_served_page_says_nothing_of_files(page, address):
    looking.ready(page, address + "guides/index.html")
    assert page.locator(".proof-from-files").count() == 0
    assert page.locator(".md-search").count() == 1


@pytest.mark.parametrize(("name", "slider"), EXPLORERS.items())
def test_an_explorer_works_from_files(opened, site, name, slider):
    if not (site / name).is_file():
        pytest.skip("the case studies are not in this copy of the site")
    looking.ready(opened, (site / name).as_uri())
    assert opened.locator(slider).first.is_enabled()


def test_the_page_that_cannot_says_why(opened, site):
    name = "case_studies/dog_breeds/try/index.html"
    if not (site / name).is_file():
        pytest.skip("the case studies are not in this copy of the site")
    opened.goto((site / name).as_uri())
    opened.locator(".try-message", has_text="opened from the file system").wait_for()
