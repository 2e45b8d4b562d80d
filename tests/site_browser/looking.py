"""What the checks of the site in a browser share: its pages by name, a page when it is ready."""

BEGUN = """() => !document.querySelector("script[data-late]") &&
  (typeof document$ !== "undefined" || !document.querySelector("script[src*=bundle]")) &&
  !document.querySelector(":not(.md-typeset__table) > table:not([class])")"""


def names(site):
    """Return the address of every page within the site."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


def ready(page, url):
    """Open a page and wait until Material's program has begun, where the page has it."""
    page.goto(url)
    page.evaluate("dispatchEvent(new Event('pointermove'))")  # the program waits for a reader
    if page.locator("script[data-late], script[src*=bundle]").count():
        page.wait_for_function(BEGUN)
