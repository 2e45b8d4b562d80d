"""The what-if page in headless Chromium: its numbers are Python's, and it asks nobody else."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import browser
import event_project
import pytest

from proofolio import pages, project
from proofolio.contract import Layout
from proofolio.figures import Facts
from proofolio.pages import operating

CASE = Path(__file__).parents[2] / "case_studies" / "fraud_sequences"
SAID_MS = 3000
pytestmark = browser.MARKS


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A site as the template builds it, test opened; the project's facts and curves beside it."""
    root = event_project.shared(opened=True)
    layout, author = Layout(root), project.load(root)
    site = tmp_path_factory.mktemp("what_if")
    shutil.copytree(CASE / "docs", site / "docs", ignore=shutil.ignore_patterns("result"))
    shutil.copy(CASE / "mkdocs.yml", site)
    for page in (site / "docs").glob("*.md"):  # the case's own words: another project's claims
        page.write_text(f"# {page.stem}\n", encoding="utf-8")
    nav = re.sub(r"^nav:\n(?:  - .*\n)+", "nav: [result/index.md, result/what_if.md]\n",
                 (site / "mkdocs.yml").read_text(), flags=re.MULTILINE)  # fmt: skip
    (site / "mkdocs.yml").write_text(nav, encoding="utf-8")
    pages.write(layout, author, site / "docs" / "result")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"],
        cwd=site, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = Facts(layout, author)
    return SimpleNamespace(root=site / "site", facts=facts, read=operating.read(facts))


@pytest.fixture
def visit(built, chromium):
    """Open the page from the file system; notes requests and errors."""
    context = chromium.new_context()
    page, asked, failed = context.new_page(), [], []
    context.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failed.append(error))
    page.goto((built.root / "result" / "what_if" / "index.html").as_uri())
    page.wait_for_selector(".what-if-tiles dd")
    yield SimpleNamespace(page=page, asked=asked, **vars(built))
    assert failed == []
    context.close()


def expected(visit, part, way, at, **costs):
    """Return what Python says of a point, in the names of the page."""
    rule = visit.facts.project.decision.model_copy(update=costs)
    whole = visit.read[part]
    row = operating.per_day(whole, whole.curves[way].rows, rule).iloc[at]
    nothing = rule.cost_miss * whole.value / whole.days
    names = {"alerts": "alerts_per_day", "value": "value_per_day", "cost": "cost_per_day"}
    told = {key: row[names.get(key, key)] for key in ("precision", "recall", *names)}
    return told | {"net": nothing - row["cost_per_day"]}


def shown(page):
    """Return the page's numbers as the script counted them."""
    tiles = page.locator(".what-if-tiles dd[data-key]").all()
    return {t.get_attribute("data-key"): float(t.get_attribute("data-value")) for t in tiles}


def at(page):
    return int(page.locator("#what-if-alerts").input_value())


def move(page, slider, value):
    page.locator(slider).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", value
    )


def test_every_step_of_the_slider_says_what_python_says(visit):
    page, curve = visit.page, visit.read["val"].curves["threshold"]
    assert at(page) == curve.in_use
    for step in {0, 1, curve.in_use, len(curve.rows) // 2, len(curve.rows) - 1}:
        move(page, "#what-if-alerts", step)
        assert shown(page) == pytest.approx(expected(visit, "val", "threshold", step))
        linked = float(page.locator("#what-if-threshold").input_value())
        cuts = curve.rows["threshold"]
        assert linked == pytest.approx(cuts[step], abs=(cuts.max() - cuts.min()) / 200)


def test_the_threshold_moves_the_alerts(visit):
    cuts = visit.read["val"].curves["threshold"].rows["threshold"]
    for wanted in (0.2, 0.5, 0.9):
        move(visit.page, "#what-if-threshold", wanted)
        real = float(visit.page.locator("#what-if-threshold").input_value())
        step = at(visit.page)
        assert step == int((cuts - real).abs().argmin())
        assert shown(visit.page) == pytest.approx(expected(visit, "val", "threshold", step))


def test_costs_change_what_is_saved_and_wrong_ones_are_marked(visit):
    page, step = visit.page, at(visit.page)
    page.fill("#what-if-look", "3.5")
    page.fill("#what-if-miss", "0.25")
    costs = {"cost_miss": 0.25, "cost_false_alarm": 3.5}
    assert shown(page) == pytest.approx(expected(visit, "val", "threshold", step, **costs))
    page.get_by_role("button", name="Lowest cost on validation").click()
    rule = visit.facts.project.decision.model_copy(update=costs)
    val = visit.read["val"]
    all_costs = operating.per_day(val, val.curves["threshold"].rows, rule)["cost_per_day"]
    assert shown(page)["cost"] == pytest.approx(all_costs.min())
    before = shown(page)
    page.fill("#what-if-look", "-1")
    assert page.locator("#what-if-look").get_attribute("aria-invalid") == "true"
    assert shown(page) == before
    page.get_by_role("button", name="Stated costs").click()
    page.get_by_role("button", name="Decision in use").click()
    assert at(page) == step and page.locator("#what-if-look").input_value() == "2"
    assert shown(page) == pytest.approx(expected(visit, "val", "threshold", step))


def test_a_daily_budget_shows_what_the_result_records(visit):
    page = visit.page
    page.get_by_label("The same number each day").check()
    assert page.locator("#what-if-threshold").is_hidden()
    budgets = visit.read["val"].curves["daily"].rows["budget"].tolist()
    assert budgets[at(page)] == visit.facts.project.decision.target
    for row in visit.facts.results["budget_val"].table[:2]:
        move(page, "#what-if-alerts", budgets.index(row["budget"]))
        found = shown(page)
        for name, key in (("precision",) * 2, ("recall",) * 2, ("value", "value_per_day")):
            assert found[name] == pytest.approx(row[key], abs=1e-9)


def test_on_test_the_same_threshold_stands(visit):
    page = visit.page
    move(page, "#what-if-alerts", 30)
    page.get_by_label("test,").check()
    assert at(page) == 30
    assert shown(page) == pytest.approx(expected(visit, "test", "threshold", 30))
    page.get_by_role("button", name="Lowest cost on validation").click()
    val, rule = visit.read["val"], visit.facts.project.decision
    costs = operating.per_day(val, val.curves["threshold"].rows, rule)["cost_per_day"]
    assert at(page) == int(costs.argmin())  # never chosen by test
    assert shown(page) == pytest.approx(expected(visit, "test", "threshold", at(page)))


def test_by_keyboard_with_labels_and_a_live_region(visit):
    page, before = visit.page, at(visit.page)
    page.get_by_label("Alerts a day", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert at(page) == before + 1
    assert page.locator("#what-if-alerts").get_attribute("aria-valuetext").endswith("a day")
    status = page.locator(".what-if-status")
    assert status.get_attribute("aria-live") == "polite"
    told = shown(page)
    text = f"precision {100 * told['precision']:.1f} %"
    page.wait_for_function(
        "text => document.querySelector('.what-if-status').innerText.includes(text)",
        arg=text, timeout=SAID_MS,
    )  # fmt: skip
    page.keyboard.press("End")
    assert at(page) == len(visit.read["val"].curves["threshold"].rows) - 1
    for chart in page.locator(".what-if-chart").all():
        assert "Chosen" in chart.get_attribute("aria-label")
    for field in page.locator("#what-if input").all():
        assert field.evaluate("input => input.labels.length") == 1


def test_a_press_on_the_chart_chooses_the_point(visit):
    box = visit.page.locator(".what-if-chart").first.bounding_box()
    visit.page.locator(".what-if-chart").first.click(position={"x": 48, "y": box["height"] / 2})
    assert at(visit.page) == 0


def test_nothing_is_asked_outside_the_site_and_nothing_of_it_elsewhere(visit):
    base = visit.root.as_uri()
    assert [url for url in visit.asked if not url.startswith(base)] == []
    assert any(url.endswith("what_if.js") for url in visit.asked)
    visit.asked.clear()
    visit.page.goto((visit.root / "result" / "index.html").as_uri())
    visit.page.wait_for_load_state("networkidle")
    assert visit.asked and not [url for url in visit.asked if "what_if." in url]


def test_on_a_small_screen_nothing_is_cut_and_print_keeps_the_numbers(visit):
    page = visit.page
    page.set_viewport_size({"width": 320, "height": 700})
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for chart in page.locator(".what-if-chart").all():
        ends = chart.evaluate(
            "svg => [...svg.querySelectorAll('text')].map((t) => t.getBBox())"
            ".map((b) => [b.x, b.x + b.width])"
        )
        width = float(chart.get_attribute("viewBox").split()[2])
        assert min(low for low, _ in ends) >= 0 and max(high for _, high in ends) <= width
    page.emulate_media(media="print")
    assert page.locator("#what-if-alerts").is_hidden()
    assert page.locator(".what-if-tiles").is_visible()


def test_without_javascript_a_table_stands_there(built, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built.root / "result" / "what_if" / "index.html").as_uri())
    assert page.locator(".what-if-table tbody tr").count() >= 10
    assert "needs JavaScript" in page.locator("#what-if").inner_text()
    context.close()


def test_served_as_a_site_it_works_alike(built, chromium):
    with browser.served(built.root) as base:
        page = chromium.new_page()
        page.goto(f"{base}result/what_if/")
        page.wait_for_selector(".what-if-tiles dd")
        inlined = json.loads(page.locator("#what-if-data").text_content())
        assert inlined["order"] == ["val", "test"]
        page.close()
