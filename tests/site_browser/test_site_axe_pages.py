"""axe over every page outside case studies and reference, and over faults planted in one."""

import browser
import examined
import looking

pytestmark = browser.MARKS


def test_axe_finds_nothing_grave_elsewhere(page, site, address, axe):
    others = ("case_studies/", "reference/")  # each in a file of its own, for workers to share
    names = [name for name in looking.names(site) if not name.startswith(others)]
    assert examined.in_both_schemes(page, axe, address, names) == {}


def test_axe_sees_a_planted_fault_in_each_scheme(page, address, axe):
    looking.ready(page, address + "guides/index.html")
    plant = "p => document.querySelector('article').insertAdjacentHTML('beforeend', p)"
    page.evaluate(plant, "<p style='color: #999; background: #aaa'>pale</p><img src='data:,'>")
    wide = "<p style='width: 9rem; overflow: auto; white-space: nowrap'>"
    page.evaluate(plant, f"{wide}{'no stop for the keyboard ' * 9}</p>")
    assert any("color-contrast" in told for told in examined.findings(page, axe, "dark"))
    light = " ".join(examined.findings(page, axe, "light"))
    assert "image-alt" in light
    assert "scrollable-region-focusable" in light
