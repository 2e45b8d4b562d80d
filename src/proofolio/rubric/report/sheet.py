"""The sheet to print: all criteria on two A4 pages, with a place for points and a sentence."""

from proofolio.rubric.criteria import rubric
from proofolio.rubric.report import html, view


def page() -> str:
    """Return a self-contained HTML page; printed on A4 it takes two sides."""
    return html.render(
        "sheet.html",
        ("page.css", "sheet.css"),
        (),
        sections=[
            (s, [c for c in rubric().criteria if c.section == s.code]) for s in rubric().sections
        ],
        read={s.code: _read(s.code) for s in rubric().sections},
        grades=view.MEANING,
        gates=[c.code for c in rubric().criteria if c.gate],
    )


def _read(section: str) -> str:
    """Return the titles of the guides that teach a section, each once."""
    names = [name for c in rubric().criteria if c.section == section for name in c.guide]
    return ", ".join(rubric().guides[name] for name in dict.fromkeys(names))
