"""axe over every page of the reference, the package API among them."""

import browser
import examined
import looking

pytestmark = browser.MARKS


def test_axe_finds_nothing_grave_in_the_reference(page, site, address, axe):
    names = [name for name in looking.names(site) if name.startswith("reference/")]
    assert examined.in_both_schemes(page, axe, address, names) == {}
