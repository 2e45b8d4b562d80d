"""What axe finds in pages of the site, in the light scheme and in the dark one."""

import looking

GRAVE = ("moderate", "serious", "critical")
STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"
RUN = """async (chosen) => (await axe.run(document, chosen)).violations.map((found) =>
  [found.impact, `${found.id}: ${found.nodes.map((node) => node.target).join(" | ")}`])"""
SCHEME = "(scheme) => document.body.setAttribute('data-md-color-scheme', scheme)"
CHOSEN = {  # in the dark scheme only what a scheme can change
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]},
}
NO_SEARCH = '{"config": {"lang": ["en"], "separator": " ", "fields": {}}, "docs": []}'


def in_both_schemes(page, axe, address, names):
    """Return what axe finds grave in each page and scheme, where it finds any."""
    page.route("**/search_index.json", lambda route: route.fulfill(body=NO_SEARCH))  # saves time
    found = {}
    for name in names:
        looking.ready(page, address + name)
        for scheme in CHOSEN:
            if told := findings(page, axe, scheme):
                found[name, scheme] = told
    return found


def findings(page, axe, scheme):
    """Return what axe finds grave in the open page; the first call puts axe there."""
    if page.locator("body[data-md-color-scheme]").count():
        page.evaluate(SCHEME, "slate" if scheme == "dark" else "default")
    page.emulate_media(color_scheme=scheme)
    if page.evaluate("typeof axe") == "undefined":
        page.add_style_tag(content=STILL)
        page.evaluate(axe)
    return [told for impact, told in page.evaluate(RUN, CHOSEN[scheme]) if impact in GRAVE]
