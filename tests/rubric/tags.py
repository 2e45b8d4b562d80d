"""The tags and attributes of a page, for tests of what HTML holds."""

from html.parser import HTMLParser


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def tags(page):
    """The parser after reading a page: `tags`, and `attributes` as (tag, name, value)."""
    parser = Tags()
    parser.feed(page)
    return parser
