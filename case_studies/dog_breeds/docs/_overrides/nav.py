"""The pages that `pages` writes into docs/result/ stand in the navigation, behind the result.

mkdocs.yml names `result/index.md` and those pages of the folder that shall stand elsewhere; the
others are listed here, in the order of their front matter. Before the first `pages` none of them is
there, and none is listed. MkDocs calls `on_files` before it reads `nav` (`hooks` in mkdocs.yml).
"""

from typing import Any

from mkdocs.structure.files import Files
from mkdocs.utils import meta

FOLDER = "result/"
INDEX = f"{FOLDER}index.md"
_LATE = 50  # the place of a page that names none


def on_files(files: Files, config: Any) -> Files:
    """List the pages of the result in `nav` of mkdocs.yml, where it has one."""
    found = [f for f in files.documentation_pages() if f.src_uri.startswith(FOLDER)]
    if config["nav"]:
        places = {f.src_uri: _place(f.content_string) for f in found}
        config["nav"] = navigation(config["nav"], places)
    return files


def navigation(nav: list[Any], places: dict[str, float]) -> list[Any]:
    """Return `nav` with the result as a section of its pages, without those that do not exist."""
    named = set(_addresses(nav))
    rest = sorted((place, uri) for uri, place in places.items() if uri not in named)
    return list(_items(nav, [uri for _, uri in rest], places))


def _items(nav: list[Any], rest: list[str], places: dict[str, float]) -> Any:
    for item in nav:
        title, inside = next(iter(item.items())) if isinstance(item, dict) else (None, item)
        if isinstance(inside, list):
            if left := list(_items(inside, rest, places)):
                yield {title: left}
        elif inside.startswith(FOLDER) and inside not in places:
            continue
        elif inside == INDEX and rest:
            yield {title or "Result": [{"Overview": INDEX}, *rest]}
        else:
            yield item


def _addresses(nav: list[Any]) -> Any:
    for item in nav:
        inside = next(iter(item.values())) if isinstance(item, dict) else item
        yield from _addresses(inside) if isinstance(inside, list) else [inside]


def _place(text: str) -> float:
    return meta.get_data(text)[1].get("order", _LATE)
