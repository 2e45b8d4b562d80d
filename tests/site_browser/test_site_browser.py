"""The site in headless Chromium: keyboard, phones, print, links."""

import html.parser
import re
from urllib.parse import unquote, urljoin, urlsplit

import browser
import pytest
from looking import names, ready

pytestmark = browser.MARKS
WIDE = "document.documentElement.scrollWidth"
RING = """() => { const style = getComputedStyle(document.activeElement)
  return style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth) }"""
FOCUS = (
    "() => (document.activeElement.getAttribute('aria-label') || document.activeElement.innerText)"
)
MARKED = "() => [document.activeElement.tagName, document.activeElement.className].join(' ')"


def test_no_page_is_wider_than_a_small_phone(page, site, address):
    page.set_viewport_size({"width": 320, "height": 640})
    wide = {}
    for name in names(site):
        page.goto(address + name)
        if (width := page.evaluate(WIDE)) > 320:
            wide[name] = width
    assert wide == {}
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=width:30rem>x</p>')")
    assert page.evaluate(WIDE) > 320


def test_a_wide_table_and_wide_code_scroll_by_keyboard_and_fit_ones_are_no_stop(page, address):
    page.set_viewport_size({"width": 320, "height": 640})
    ready(page, address + "guides/model-families/index.html")
    for part in (
        page.locator(".md-typeset__scrollwrap[tabindex]").first,
        page.locator("pre > code[tabindex]").first,
    ):
        part.focus()
        assert part.evaluate("element => element === document.activeElement")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.activeElement.scrollLeft > 0")
    table = page.get_by_role("region").first
    assert re.fullmatch(r"Table \d+: \w.+", table.get_attribute("aria-label"))
    assert page.locator(".md-code__button").count()  # Material's program has been through the text
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_function("document.querySelectorAll('[role=region]').length === 0")


def tabbed(page, times):
    """Return what has focus after each press of Tab, and how thick its ring is."""
    seen = []
    for _ in range(times):
        page.keyboard.press("Tab")
        seen.append((page.evaluate(FOCUS).strip(), page.evaluate(RING), page.evaluate(MARKED)))
    return seen


CASES = "case_studies"


@pytest.mark.parametrize(
    "name",
    ["index.html", "guides/metrics/index.html", "start/index.html", "rubric/index.html",
     "reference/commands/index.html", "reference/api/proofolio.audit/index.html",
     f"{CASES}/medical_imaging/index.html", f"{CASES}/medical_imaging/net_benefit/index.html",
     f"{CASES}/fraud_sequences/what_if/index.html", f"{CASES}/dog_breeds/try/index.html",
     f"{CASES}/dog_breeds/notebook_01_explore/index.html"],
)  # fmt: skip
def test_the_first_stop_skips_to_the_text_and_every_stop_shows_itself(page, site, address, name):
    if name.startswith(CASES) and not (site / name).is_file():
        pytest.skip("the case studies are not in this copy of the site")
    ready(page, address + name)
    seen = tabbed(page, 60)
    assert seen[0][0] == "Skip to content"
    unseen = [mark for _, ring, mark in seen if ring < 1.5]
    known = ("md-option", "md-search__input", "BODY")  # ring on its icon; a dialog; the end
    assert [mark for mark in unseen if not any(word in mark for word in known)] == []
    assert "Guides" in [text for text, _, _ in seen]
    ready(page, address + name)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('article') !== null")


def test_search_answers_by_keyboard(page, address):
    ready(page, address + "index.html")
    page.keyboard.press("/")
    page.keyboard.type("leakage")
    page.locator(".md-search-result__link").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(address + "guides/leakage/**")


def test_a_folded_answer_opens_by_keyboard(page, address):
    ready(page, address + "guides/metrics/index.html")
    folded = page.locator("article details").first
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert folded.evaluate("element => element.open")


def test_the_menu_opens_by_keyboard_on_a_phone_and_its_links_wait_for_that(page, address):
    page.set_viewport_size({"width": 390, "height": 800})
    ready(page, address + "guides/metrics/index.html")
    menu = page.locator(".md-sidebar--primary")
    assert not menu.is_visible()
    page.locator(".md-header [for=__drawer]").focus()
    page.keyboard.press("Enter")
    menu.wait_for(state="visible")


SLIDERS = {
    f"{CASES}/medical_imaging/net_benefit/index.html": "#net-benefit table",
    f"{CASES}/fraud_sequences/what_if/index.html": ".what-if-tiles",
}


@pytest.mark.parametrize(("name", "told"), SLIDERS.items())
def test_each_control_answers_by_keyboard(page, site, address, name, told):
    if not (site / name).is_file():
        pytest.skip("the case studies are not in this copy of the site")
    ready(page, address + name)
    for slider in page.locator("article input[type=range]").all():
        before = slider.input_value(), page.locator(told).inner_text()
        slider.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        assert slider.input_value() != before[0]
        assert page.locator(told).inner_text() != before[1]
        assert slider.get_attribute("aria-valuetext")
    page.locator("article input[type=radio]").first.focus()
    before = page.locator(told).inner_text()
    page.keyboard.press("ArrowDown")
    assert page.locator("article input[type=radio]").nth(1).is_checked()
    assert page.locator(told).inner_text() != before


def test_print_shows_the_text_alone_and_what_is_folded(page, address):
    ready(page, address + "guides/metrics/index.html")
    answer = page.locator("article details > :not(summary)").first
    shown = "element => element.checkVisibility({ contentVisibilityAuto: true })"
    assert not answer.evaluate(shown)
    page.emulate_media(media="print")
    assert answer.evaluate(shown)
    for part in (".md-header", ".md-tabs", ".md-sidebar--primary", ".md-footer__inner"):
        assert not page.locator(part).first.is_visible(), part


PRINTED = [
    f"{CASES}/dog_breeds/decision/index.html",
    f"{CASES}/medical_imaging/index.html",
    "guides/model-families/index.html",
    "reference/schemas/index.html",
]
PALEST = """() => { document.body.setAttribute("data-md-color-scheme", "slate")
  const parts = [...document.querySelectorAll("article :is(h1, h2, p, a:not(.headerlink))")]
  const colours = parts.map((part) => getComputedStyle(part).color.match(/\\d+/g).slice(0, 3))
  return Math.max(...colours.map((one) => Math.min(...one))) }"""


@pytest.mark.parametrize("name", PRINTED)
def test_on_paper_nothing_is_cut_and_the_dark_scheme_is_not_pale(page, site, address, name):
    if not (site / name).is_file():
        pytest.skip("the case studies are not in this copy of the site")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 between margins
    ready(page, address + name)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(WIDE) <= 718
    assert page.evaluate(PALEST) < 130


class Read(html.parser.HTMLParser):
    """The places of a page and the addresses it asks for."""

    def __init__(self, text):
        super().__init__()
        self.places, self.asked = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.places |= {told[key] for key in ("id", "name") if told.get(key)}
        self.asked += [told[key] for key in ("href", "src", "data-late") if told.get(key)]


def broken(site):
    """Return each address within the site that leads to no file, or to no place in a page."""
    read = {name: Read((site / name).read_text(encoding="utf-8")) for name in names(site)}
    found = []
    for name, told in read.items():
        for asked in told.asked:
            parts = urlsplit(urljoin(f"site:///{name}".replace("site:", "http:"), asked))
            if parts.scheme != "http" or parts.netloc:
                continue
            path = unquote(parts.path).lstrip("/")
            path += "index.html" if path == "" or path.endswith("/") else ""
            place = unquote(parts.fragment)
            lost = place and path in read and place not in read[path].places
            if lost or not (site / path).is_file():
                found.append(f"{name}: {asked}")
    return found


def test_no_link_and_no_anchor_is_broken(site):
    assert broken(site) == []


def test_a_broken_link_and_a_broken_anchor_are_seen(tmp_path):
    (tmp_path / "index.html").write_text('<a href="b.html"><a href="#c"><a id="d" href="#d">')
    assert broken(tmp_path) == ["index.html: b.html", "index.html: #c"]
