"""Write the result page into a folder: index.md, cards, what-if, the author's pages, CSV files."""

import re
from pathlib import Path

from proofolio import cards, claims, files
from proofolio.contract import Layout
from proofolio.figures import Drawing, Facts, collect
from proofolio.pages import authored, net_benefit, notebooks, page, parts, summary, what_if
from proofolio.project import Project

DEFAULT = Path("docs") / "result"
_CARDS_FROM = 90  # their place among the pages, after the author's
_CARD_FILES = {"MODEL_CARD.md": "model_card.md", "DATA_CARD.md": "data_card.md"}


def write(
    layout: Layout, project: Project, into: Path | None = None, *, run_notebooks: bool = False
) -> Path:
    """Write the result page and return the path of its index.md.

    Picture sheets found in the folder's `sheets/` are shown; nothing there is written or removed.
    Outside the project's own `docs/` the author's pages are copied beside the result page.

    Args:
        layout: The project's paths.
        project: The project.
        into: Folder of a MkDocs documentation tree; the project's own `docs/result` by default.
        run_notebooks: Run the project's notebooks and show them beside the result page.

    Raises:
        ClaimError: A claim in an author's text names nothing that is recorded.
        ProjectError: A page that is copied links to a file the project does not have,
            or a notebook fails.
    """
    folder = layout.root / DEFAULT if into is None else Path(into)
    facts = Facts(layout, project)
    drawings = {drawing.name: drawing for drawing in collect(facts)}
    if "ladder" in drawings:
        first = summary.figure(facts, drawings["ladder"])
        drawings[first.name] = first
    tried = [(f"{what_if.NAME}.md", what_if.TITLE)] if project.kind == "events" else []
    tried += [(f"{net_benefit.NAME}.md", net_benefit.TITLE)] if net_benefit.applies(facts) else []
    more = {
        "To try in the browser": tried,
        "In the author's words": authored.listed(layout, folder),
        "Notebooks, as they ran": notebooks.write(layout, project, folder, run=run_notebooks),
    }
    made = authored.copies(facts, folder, [chapter.name for chapter in page.CHAPTERS])
    if "ladder" in drawings:
        made[summary.FIGURE] = first.inline()
    for name, text in page.texts(facts, drawings, parts.pictures(folder / "sheets"), more).items():
        made[name] = claims.bind(text, facts.resolve, f"result page {name}")
    for place, (name, card) in enumerate(cards.texts(layout, project).items(), _CARDS_FROM):
        made[_CARD_FILES[name]] = _as_page(card, project.title, place)
    made |= what_if.made(facts) | net_benefit.made(facts)
    made |= {f"data/{name}.csv": _csv(drawing) for name, drawing in drawings.items()}
    for name, content in made.items():
        files.write_text(folder / name, content)
    files.write_json(folder / summary.NAME, summary.told(facts))
    csvs = (f for f in (folder / "data").glob("*.csv") if f"data/{f.name}" not in made)
    for stale in (*csvs, *(f for f in authored.copied(folder) if f.name not in made)):
        stale.unlink()
    return folder / "index.md"


def _csv(drawing: Drawing) -> str:
    return drawing.table.to_csv(index=False, lineterminator="\n", float_format="%.6g")


def _as_page(card: str, project: str, place: int) -> str:
    """Return a card as a page of the site: its front matter the site's, links to its neighbours."""
    body = re.sub(r"\A---\n.*?\n---\n+", "", card, flags=re.DOTALL)
    for name, page_name in _CARD_FILES.items():
        body = body.replace(f"[{name}]({name})", f"[{name}]({page_name})")
    heading = re.search(r"^# ([^:\n]+)", body, re.MULTILINE)
    name = heading[1] if heading else "Card"
    about = f"{name} of {project}, written from evidence: what was measured, and what was not."
    return f"{parts.front(name, about, place)}\n\n{body}"
