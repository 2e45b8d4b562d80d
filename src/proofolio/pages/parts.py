"""Building blocks of a page: inlined figures, admonitions, published figures."""

import html
import re
from collections.abc import Iterator, Mapping

from proofolio.cards import markdown
from proofolio.cards.markdown import claim
from proofolio.figures import Drawing, Facts, words

_DRAWN = markdown.unbound("drawn from evidence by proofolio")


def figure(drawings: Mapping[str, Drawing], name: str, *, brief: bool = False) -> Iterator[str]:
    """Yield a figure as SVG within the page, its text alternative and its numbers as CSV.

    The SVG takes the page's text colour, so it follows the colour scheme the reader chose. It
    stands on one line: blank or indented lines would end the HTML block. `brief` prints the title
    alone; the alternative text stays within the SVG.
    """
    if name not in drawings:
        return
    drawing = drawings[name]
    svg = re.sub(r"\s*\n\s*", " ", drawing.inline()).strip()
    title, told = (html.escape(t, quote=False) for t in (drawing.title, drawing.description))
    caption = f"<figcaption><strong>{title}.</strong>{'' if brief else ' ' + told}</figcaption>"
    yield f'<figure class="proof-figure">{svg}{caption}{_DRAWN}</figure>'
    yield f"[Numbers: {markdown.line(drawing.title)} (CSV)](data/{name}.csv){{ .proof-numbers }}"


def beside(drawings: Mapping[str, Drawing], *names: str) -> Iterator[str]:
    """Yield figures beside each other where the screen is wide enough, one alone in full width."""
    present = [name for name in names if name in drawings]
    if len(present) < 2:
        for name in present:
            yield from figure(drawings, name)
        return
    yield '<div class="proof-beside" markdown>'
    for name in present:
        yield "<div markdown>"
        yield from figure(drawings, name)
        yield "</div>"
    yield "</div>"


def admonition(kind: str, title: str, text: str) -> str:
    """Return an admonition with one paragraph of Markdown."""
    return f'!!! {kind} "{title}"\n\n    {text}'


def published(facts: Facts) -> str:
    """Return the published figures of the primary metric, and how far each may be compared."""
    same = [r for r in facts.project.references if r.metric == facts.metric]
    if not same:
        return ""
    figures = "; ".join(
        f"{claim(f'reference:{r.id}', 'value', '.3f')} ({markdown.line(r.source)}; comparable: "
        f"{r.comparable})"
        for r in same
    )
    escape = markdown.unbound("the source in words")
    return f"**Published {words.metric(facts.metric)} beside it.** {figures}. {escape}"
