"""The pages in headless Chromium: sorting, phases, widths, print, and no request to anybody."""

import re

import browser
import pytest
from rubric import made_up as graded

from proofolio.rubric import report
from proofolio.rubric.report import html, sheet

WEAK = {"SL1": "fail", "SL4": "fail", "BU4": "partial", "CO3": "na", "RT3": "fail"}
pytestmark = browser.MARKS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A cohort's folder with one project of hostile texts, a single page, and the sheet."""
    into = tmp_path_factory.mktemp("pages")
    cohort = graded.random_cohort(8)
    cohort["projects"][0]["name"] = "x" * 300 + "<script>document.title = 'owned'</script>"
    report.folder(cohort, into)
    weak = graded.project("work/birds", WEAK, ["SL1"])
    weak["criteria"][0]["evidence"] = ["y" * 300]
    (into / "single.html").write_text(html.write(graded.result(weak)))
    (into / "sheet.html").write_text(sheet.page())
    return into


@pytest.fixture
def page(chromium):
    """A page; a request for anything but files of this machine fails the test."""
    context = chromium.new_context()
    opened = context.new_page()
    asked, errors = [], []
    context.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert errors == []


def column(page, number):
    return page.locator(f".projects tbody tr > :nth-child({number})").all_inner_texts()


def test_the_table_sorts_by_click_and_by_keyboard(page, folder):
    page.goto((folder / "index.html").as_uri())
    heads = page.locator(".projects thead th")
    total = heads.count() - 1
    heads.nth(total - 1).locator("button").click()
    points = [float(text) for text in column(page, total)]
    assert points == sorted(points, reverse=True) and len(points) == 8
    assert heads.nth(total - 1).get_attribute("aria-sort") == "descending"
    heads.nth(0).locator("button").focus()
    page.keyboard.press("Enter")
    assert heads.nth(0).get_attribute("aria-sort") == "ascending"
    assert heads.nth(total - 1).get_attribute("aria-sort") is None
    names = column(page, 1)
    page.keyboard.press("Space")
    assert column(page, 1) == names[::-1]


def test_without_scripts_the_table_is_whole_and_promises_nothing(chromium, folder):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.locator(".projects tbody tr").count() == 8
    assert page.locator("thead button").count() == 0
    assert (
        page.get_by_text("sorts by it").count() == 0
        or not page.get_by_text("sorts by it").first.is_visible()
    )
    context.close()


def test_a_phase_shows_its_criteria_alone(page, folder):
    page.goto((folder / "single.html").as_uri())
    assert page.locator("article:visible").count() == len(graded.rubric()["criteria"])
    for phase in ("define", "data", "train", "report"):
        page.locator(f"#phase-{phase}").check()
        expected = [c["code"] for c in graded.rubric()["criteria"] if c["phase"] == phase]
        shown = page.locator("article:visible h4").all_inner_texts()
        assert [text.split()[0] for text in shown] == expected
        assert page.locator("section.section:visible h3").count() == len(
            {c["section"] for c in graded.rubric()["criteria"] if c["phase"] == phase}
        )
    page.locator("#phase-data").check()
    assert page.locator(".first li:visible b").all_inner_texts()[0] == "Gate"  # gates always stay


def test_pages_of_a_cohort_lead_to_each_other(page, folder):
    page.goto((folder / "index.html").as_uri())
    page.locator(".projects tbody a").nth(1).click()
    assert page.locator("h1").inner_text() == "bird_calls-001"
    page.get_by_role("link", name="All projects").click()
    assert page.url.endswith("index.html") and page.title() == "Grades of 8 projects"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "single.html", "sheet.html"])
def test_no_page_is_wider_than_the_screen(page, folder, name, scheme):
    page.emulate_media(color_scheme=scheme)
    for width in (320, 390, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto((folder / name).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is (scheme == "light")


def test_a_long_hostile_name_changes_nothing(page, folder):
    for path in sorted((folder / "projects").glob("x*.html")):
        page.set_viewport_size({"width": 320, "height": 800})
        page.goto(path.as_uri())
        assert page.title() != "owned"
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_sheet_prints_on_two_sides_of_a4(page, folder):
    page.goto((folder / "sheet.html").as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 2
    assert re.search(rb"/MediaBox\s*\[\s*0 0 59[45][.\d]* 84[12]", printed)


def test_printing_opens_what_is_folded(page, folder):
    page.goto((folder / "single.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator("#pd1 li").first.is_visible()
    assert not page.locator(".phases").is_visible()
