"""Write the result page into a folder: index.md, cards, what-if, the author's pages, CSV files."""

import re
from pathlib import Path

from proofolio import cards, claims, files
from proofolio.contract import Layout
from proofolio.figures import Drawing, Facts, collect
from proofolio.pages import authored, page, parts, what_if
from proofolio.project import Project

DEFAULT = Path("docs") / "result"
_CARD_FILES = {"MODEL_CARD.md": "model_card.md", "DATA_CARD.md": "data_card.md"}


def write(layout: Layout, project: Project, into: Path | None = None) -> Path:
    """Write the result page and return the path of its index.md.

    Picture sheets found in the folder's `sheets/` are shown; nothing there is written or removed.
    Outside the project's own `docs/` the author's pages are copied beside the result page.

    Args:
        layout: The project's paths.
        project: The project.
        into: Folder of a MkDocs documentation tree; the project's own `docs/result` by default.

    Raises:
        ClaimError: A claim in an author's text names nothing that is recorded.
        ProjectError: A page that is copied links to a file the project does not have.
    """
    folder = layout.root / DEFAULT if into is None else Path(into)
    facts = Facts(layout, project)
    drawings = {drawing.name: drawing for drawing in collect(facts)}
    more = [(f"{what_if.NAME}.md", what_if.TITLE)] if project.kind == "events" else []
    more += authored.listed(layout, folder)
    text = page.text(facts, drawings, parts.pictures(folder / "sheets"), more)
    made = authored.copies(facts, folder)
    made["index.md"] = claims.bind(text, facts.resolve, "result page")
    for name, card in cards.texts(layout, project).items():
        made[_CARD_FILES[name]] = _as_page(card)
    made |= what_if.made(facts)
    made |= {f"data/{name}.csv": _csv(drawing) for name, drawing in drawings.items()}
    for name, content in made.items():
        files.write_text(folder / name, content)
    csvs = (f for f in (folder / "data").glob("*.csv") if f"data/{f.name}" not in made)
    for stale in (*csvs, *(f for f in authored.copied(folder) if f.name not in made)):
        stale.unlink()
    return folder / "index.md"


def _csv(drawing: Drawing) -> str:
    return drawing.table.to_csv(index=False, lineterminator="\n", float_format="%.6g")


def _as_page(card: str) -> str:
    """Return a card as a page of the site: without front matter, links to its neighbours."""
    body = re.sub(r"\A---\n.*?\n---\n+", "", card, flags=re.DOTALL)
    for name, page_name in _CARD_FILES.items():
        body = body.replace(f"[{name}]({name})", f"[{name}]({page_name})")
    return body
