"""axe over every page of the case studies."""

import browser
import examined
import looking

pytestmark = browser.MARKS


def test_axe_finds_nothing_grave_in_the_case_studies(page, site, address, axe):
    names = [name for name in looking.names(site) if name.startswith("case_studies/")]
    assert examined.in_both_schemes(page, axe, address, names) == {}
