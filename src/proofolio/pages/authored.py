"""An author's pages of `docs/` beside the result page: claims bound, links mended.

The project's own site shows them where they are, and its hook `docs/_overrides/links.py` mends
links that leave `docs/`. A site elsewhere gets copies with the same wording; the hook imports
nothing, so the few lines stand twice and a test holds them to the same answers.
"""

import posixpath
import re
from collections.abc import Collection
from pathlib import Path

from proofolio import claims
from proofolio.cards import markdown
from proofolio.contract import Layout, ProjectError
from proofolio.figures import Facts
from proofolio.pages import parts

_NOT_SHOWN = ("index.md", "gpu.md", "model_card.md", "data_card.md")
_ON_SITE = {
    "README.md": "index.md",
    "MODEL_CARD.md": "model_card.md",
    "DATA_CARD.md": "data_card.md",
    "docs/index.md": "index.md",
    "docs/result/index.md": "index.md",
    "docs/result/model_card.md": "model_card.md",
    "docs/result/data_card.md": "data_card.md",
}
_MARK = "<!-- Copied by `proofolio pages` from the project's docs/: do not edit. -->"
_LINK = re.compile(
    r"(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)",
)
_FIRST = 60  # their place among the pages, after the chapters
_NAMED = re.compile(r"^ +- (?P<title>[^\n]+): (?P<page>\w[\w.-]*\.md) *$", re.MULTILINE)
_TITLE = re.compile(r"^# +(.+?) *#*$", re.MULTILINE)


def listed(layout: Layout, folder: Path) -> list[tuple[str, str]]:
    """Return (address seen from `folder`, title) of every page the author wrote, sorted."""
    at = "../" if _is_own(layout, folder) else ""
    return [(at + path.name, _title(path)) for path in _pages(layout)]


def copies(facts: Facts, folder: Path, taken: Collection[str] = ()) -> dict[str, str]:
    """Return the author's pages by file name, as a folder outside the project's `docs/` needs them.

    Raises:
        ClaimError: A claim names nothing that is recorded.
        ProjectError: A link leads to a file the project does not have, or a page has one of the
            `taken` names.
    """
    if _is_own(facts.layout, folder):
        return {}
    pages = _pages(facts.layout)
    _refuse_taken(pages, taken)
    beside = {f"docs/{path.name}": path.name for path in pages}
    return {path.name: _copy(facts, path, beside) for path in pages}


def _refuse_taken(pages: list[Path], taken: Collection[str]) -> None:
    for path in pages:
        if path.name in taken:
            raise ProjectError(
                f"docs/{path.name} has the name of a page that is written from evidence",
                expected=f"a name other than {', '.join(sorted(taken))}",
                received=path.name,
                remedy=f"rename docs/{path.name} and the links to it",
            )


def copied(folder: Path) -> list[Path]:
    """Return the copies that an earlier build left in `folder`, sorted."""
    pages = sorted(folder.glob("*.md"))
    return [path for path in pages if path.read_text(encoding="utf-8").rstrip().endswith(_MARK)]


def _copy(facts: Facts, path: Path, beside: dict[str, str]) -> str:
    where = f"docs/{path.name}"
    text = claims.bind(path.read_text(encoding="utf-8"), facts.resolve, where)
    mended = _LINK.sub(lambda link: _mended(facts, link, beside, where), text)
    named = _named(facts.layout)
    if path.name in named and not mended.startswith("---\n"):
        place = _FIRST + list(named).index(path.name)
        mended = f"{parts.front(named[path.name], order=place)}\n\n{mended}"
    return f"{mended.rstrip()}\n\n{_MARK}\n"


def _mended(facts: Facts, link: re.Match[str], beside: dict[str, str], where: str) -> str:
    """Return a link to where this site has its target, to the repository, or as a path."""
    text, anchor = link["text"], link["anchor"] or ""
    target = posixpath.normpath(posixpath.join("docs", link["path"]))
    shown = (_ON_SITE | beside).get(target)
    if shown:
        return f"[{text}]({shown}{anchor})"
    if not (facts.layout.root / target).exists():
        raise ProjectError(
            f"{where} links to a file that is not there",
            expected="a file of the project, its path relative to docs/",
            received=link["path"],
            remedy=f"correct the link [{text}] in {where}",
        )
    repository = (facts.project.repository or "").rstrip("/").removesuffix(".git")
    if repository and not target.startswith("../"):
        return f"[{text}]({repository}/blob/HEAD/{target}{anchor})"
    bare = target.lstrip("./") or "."
    named = text.strip("`") == posixpath.basename(target)
    return f"`{bare}`" if named else f"{text} (`{bare}`)"


def _is_own(layout: Layout, folder: Path) -> bool:
    return folder.resolve().is_relative_to((layout.root / "docs").resolve())


def _pages(layout: Layout) -> list[Path]:
    order = list(_named(layout))
    found = [p for p in (layout.root / "docs").glob("*.md") if p.name not in _NOT_SHOWN]
    place = {name: i for i, name in enumerate(order)}
    return sorted(found, key=lambda p: (place.get(p.name, len(order)), p.name))


def _named(layout: Layout) -> dict[str, str]:
    """Return the names of pages in the project's own navigation, by file, in its order."""
    path = layout.root / "mkdocs.yml"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return {found["page"]: found["title"].strip("'\"") for found in _NAMED.finditer(text)}


def _title(path: Path) -> str:
    found = _TITLE.search(path.read_text(encoding="utf-8"))
    return markdown.line(found[1] if found else path.stem.replace("_", " "))
