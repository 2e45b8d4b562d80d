"""The site in headless Chromium: axe in both schemes, keyboard, phones, print, links."""

import html.parser
from urllib.parse import unquote, urljoin, urlsplit

import browser
import fetched
import pytest

pytestmark = browser.MARKS
GRAVE = ("serious", "critical")
STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"
AXE = """async (chosen) => (await axe.run(document, chosen)).violations.map((found) =>
  [found.impact, `${found.id}: ${found.nodes.map((node) => node.target).join(" | ")}`])"""
SCHEME = "(scheme) => document.body.setAttribute('data-md-color-scheme', scheme)"
WIDE = "document.documentElement.scrollWidth"
RING = """() => { const style = getComputedStyle(document.activeElement)
  return style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth) }"""
FOCUS = (
    "() => (document.activeElement.getAttribute('aria-label') || document.activeElement.innerText)"
)
LATE = "() => typeof document$ !== 'undefined'"
MARKED = "() => [document.activeElement.tagName, document.activeElement.className].join(' ')"


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


def names(site):
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


def ready(page, url):
    """Open a page and wait until Material's program has run, where the page has it."""
    page.goto(url)
    if page.locator("script[data-late], script[src*=bundle]").count():
        page.wait_for_function(LATE)


def findings(page, axe, scheme):
    """Return what axe finds grave; in the dark scheme only what a scheme can change."""
    if page.locator("body[data-md-color-scheme]").count():
        page.evaluate(SCHEME, "slate" if scheme == "dark" else "default")
    page.emulate_media(color_scheme=scheme)
    if page.evaluate("typeof axe") == "undefined":
        page.add_style_tag(content=STILL)
        page.add_script_tag(content=axe)
    chosen = {"rules": {"scrollable-region-focusable": {"enabled": False}}}  # Chromium's own work
    if scheme == "dark":
        chosen = {"runOnly": ["color-contrast", "link-in-text-block"]}
    return [told for impact, told in page.evaluate(AXE, chosen) if impact in GRAVE]


CASE = "case_studies/medical_imaging"
KINDS = {  # one page of each kind: all of them, four score, take minutes
    "index.html", "404.html", "case_studies/index.html", f"{CASE}/index.html",
    f"{CASE}/net_benefit/index.html", f"{CASE}/notebook_01_explore/index.html",
    f"{CASE}/errors_and_slices/index.html", "start/images/index.html", "guides/index.html",
    "guides/uncertainty/index.html", "rubric/index.html", "rubric/mutants/index.html",
    "reference/commands/index.html", "reference/api/index.html",
}  # fmt: skip


def test_axe_finds_nothing_grave_on_a_page_of_each_kind_in_either_scheme(page, site, address, axe):
    found = {}
    for name in sorted(KINDS & set(names(site))):
        ready(page, address + name)
        for scheme in ("light", "dark"):
            if told := findings(page, axe, scheme):
                found[name, scheme] = told
    assert found == {}


def test_axe_sees_a_planted_fault_in_each_scheme(page, address, axe):
    ready(page, address + "guides/index.html")
    pale = "p => document.querySelector('article').insertAdjacentHTML('beforeend', p)"
    page.evaluate(pale, "<p style='color: #999; background: #aaa'>pale</p><img src='data:,'>")
    assert any("color-contrast" in told for told in findings(page, axe, "dark"))
    assert any("image-alt" in told for told in findings(page, axe, "light"))


def test_no_page_is_wider_than_a_small_phone(page, site, address):
    page.set_viewport_size({"width": 320, "height": 640})
    wide = {}
    for name in names(site):
        page.goto(address + name)
        if page.evaluate(WIDE) > 320:
            page.wait_for_timeout(2500)  # Material's program shortens the header's title
        if (width := page.evaluate(WIDE)) > 320:
            wide[name] = width
    assert wide == {}
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=width:30rem>x</p>')")
    assert page.evaluate(WIDE) > 320


def tabbed(page, times):
    """Return what has focus after each press of Tab, and how thick its ring is."""
    seen = []
    for _ in range(times):
        page.keyboard.press("Tab")
        seen.append((page.evaluate(FOCUS).strip(), page.evaluate(RING), page.evaluate(MARKED)))
    return seen


@pytest.mark.parametrize("name", ["index.html", "guides/metrics/index.html", "start/index.html"])
def test_the_first_stop_skips_to_the_text_and_every_stop_shows_itself(page, address, name):
    ready(page, address + name)
    seen = tabbed(page, 40)
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


def test_a_slider_moves_by_keyboard(page, site, address):
    name = "case_studies/medical_imaging/net_benefit/index.html"
    if not (site / name).is_file():
        pytest.skip("the case studies are not in this copy of the site")
    ready(page, address + name)
    slider = page.locator("input[type=range]").first
    before = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() != before


def test_print_shows_the_text_alone_and_what_is_folded(page, address):
    ready(page, address + "guides/metrics/index.html")
    answer = page.locator("article details > :not(summary)").first
    shown = "element => element.checkVisibility({ contentVisibilityAuto: true })"
    assert not answer.evaluate(shown)
    page.emulate_media(media="print")
    assert answer.evaluate(shown)
    for part in (".md-header", ".md-tabs", ".md-sidebar--primary", ".md-footer__inner"):
        assert not page.locator(part).first.is_visible(), part


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
