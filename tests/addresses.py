"""Links of a built site: where they lead, for tests of sites below a path of a host."""

import re
from pathlib import Path

ATTRIBUTE = re.compile(r'<(\w+)[^>]*?\s(?:href|src|action|srcset|poster|data)="([^"]*)"')
IN_STYLE = re.compile(r"url\(\s*[\"']?(/[^)\"']*)")


def rooted(site: Path) -> list[str]:
    """Return what begins at the root of the host or names one in the site's own pages.

    The page for a wrong address (404.html) is left out: it is shown at any depth, so nothing
    relative would hold there. Links that a reader clicks may leave the site.
    """
    found = []
    for path in sorted(site.rglob("*.html")):
        if path.name == "404.html":
            continue
        text = path.read_text(encoding="utf-8")
        pairs = [(tag, address) for tag, address in ATTRIBUTE.findall(text) if tag != "a"]
        pairs = [p for p in pairs if re.match(r"/|\w+://", p[1]) and not canonical(text, p[1])]
        clicked = [("a", a) for tag, a in ATTRIBUTE.findall(text) if tag == "a" and a[:1] == "/"]
        found += [f"{path.relative_to(site)}: {tag} {address}" for tag, address in pairs + clicked]
    for path in sorted(site.rglob("*.css")):
        found += [
            f"{path.relative_to(site)}: {a}" for a in IN_STYLE.findall(path.read_text("utf-8"))
        ]
    return found


def canonical(text: str, address: str) -> bool:
    """Whether an address is the one that a page says of itself to search engines."""
    return f'<link rel="canonical" href="{address}"' in text
