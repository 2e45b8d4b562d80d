"""The navigation, written from the pages that exist; a section without a page is left out.

A page's front matter gives its name there (`title`, else its first heading) and its place (`order`,
else by name); a guide's `group` gives the heading it stands under.
"""

import re
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.utils import meta

GROUPS = ("Concepts", "Data", "Evaluation", "Practice")
REFERENCE = ("evidence.md", "reference/schemas.md", "reference/commands.md", "serving.md")
API = "reference/api/"
START = ("index", "tracks", "words", "images", "events", "updating", "machines")
_HEADING = re.compile(r"^# (.+?) *#*$", re.MULTILINE)
_LATE = 50  # the place of a page that names none

Item = dict[str, Any] | str


def on_files(files: Files, config: Any) -> Files:
    """Set the navigation before MkDocs reads it."""
    config["nav"] = navigation({f.src_uri: f for f in files.documentation_pages()})
    return files


def navigation(pages: dict[str, File]) -> list[Item]:
    """Return the sections from Home to Reference, those that have a page."""
    entries = {uri: entry(uri, file.content_string) for uri, file in pages.items()}
    sections = {
        "Case studies": _cases(entries),
        "Get started": _start(entries),
        "Guides": _guides(entries),
        "Rubric": _listed(entries, "rubric/"),
        "Reference": _reference(entries),
    }
    return [
        {"Home": "index.md"},
        *({name: shown} for name, shown in sections.items() if shown),
    ]


def entry(uri: str, text: str) -> dict[str, Any]:
    """Return a page's front matter with its `uri`, and its heading where it has no title."""
    body, told = meta.get_data(text)
    heading = _HEADING.search(body)
    title = heading[1].replace("\\", "") if heading else uri
    return {"title": title, "order": _LATE} | told | {"uri": uri}


def _place(page: dict[str, Any]) -> tuple[bool, float, str]:
    return not page["uri"].endswith("index.md"), page["order"], str(page["title"])


def _named(page: dict[str, Any]) -> Item:
    return {str(page["title"]): page["uri"]}


def _listed(entries: dict[str, Any], folder: str) -> list[Item]:
    found = [page for uri, page in entries.items() if uri.startswith(folder)]
    return [_named(page) for page in sorted(found, key=_place)]


def _cases(entries: dict[str, Any]) -> list[Item]:
    listed = entries.get("case_studies/index.md")
    names = {uri.split("/")[1] for uri in entries if re.match(r"case_studies/[^/]+/", uri)}
    first = (listed or {}).get("cases") or []
    ordered = sorted(names, key=lambda n: (first.index(n) if n in first else len(first), n))
    shown: list[Item] = [_named(listed)] if listed else []
    for name in ordered:
        folder = f"case_studies/{name}/"
        index = entries.get(f"{folder}index.md", {"title": name})
        pages = _listed(entries, folder)
        if f"{folder}index.md" in entries:
            pages[0] = f"{folder}index.md"  # the section's own page
        shown.append({str(index["title"]): pages})
    return shown


def _start(entries: dict[str, Any]) -> list[Item]:
    usual = [f"start/{name}.md" for name in START]
    more = sorted(u for u in entries if u.startswith("start/") and u not in usual)
    return [_named(entries[uri]) for uri in (*usual, *more) if uri in entries]


def _guides(entries: dict[str, Any]) -> list[Item]:
    guides = [page for uri, page in entries.items() if uri.startswith("guides/")]
    index = [_named(p) for p in guides if p["uri"] == "guides/index.md"]
    rest = [p for p in guides if p["uri"] != "guides/index.md"]
    named = {str(p.get("group", "More")) for p in rest}
    groups = [g for g in GROUPS if g in named] + sorted(named - set(GROUPS))
    return index + [
        {group: [_named(p) for p in sorted(rest, key=_place) if p.get("group", "More") == group]}
        for group in groups
    ]


def _reference(entries: dict[str, Any]) -> list[Item]:
    own = re.compile(rf"(?:case_studies|start|guides|rubric)/|index\.md$|{API}")
    rest = sorted(uri for uri in entries if not own.match(uri) and uri not in REFERENCE)
    named = [_named(entries[uri]) for uri in (*REFERENCE, *rest) if uri in entries]
    return named + _api(entries)


def _api(entries: dict[str, Any]) -> list[Item]:
    """Return one section with its own page, and a section in it for each package."""
    found = [p for p in entries.values() if p["uri"].startswith(API)]
    pages = [p for p in sorted(found, key=_place) if p["uri"] != f"{API}index.md"]
    packages = dict.fromkeys(str(p["title"]).partition(".")[0] for p in pages)
    shown: list[Item] = [f"{API}index.md"] if f"{API}index.md" in entries else []
    for name in packages:
        inside = [_named(p) for p in pages if str(p["title"]).partition(".")[0] == name]
        shown.append({name: inside})
    return [{"Package API": shown}] if shown else []
