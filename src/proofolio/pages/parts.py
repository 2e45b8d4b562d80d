"""Building blocks of a page: inlined figures, picture sheets, admonitions."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from proofolio import files
from proofolio.cards import markdown
from proofolio.contract import ProjectError
from proofolio.figures import Drawing

_DESCRIPTION = 155  # characters of a description that search engines show
_SHEET = markdown.unbound("the caption of a picture rendered from the data")
_DRAWN = markdown.unbound("drawn from evidence by proofolio")


def front(title: str, description: str = "", order: int | None = None) -> str:
    """Return front matter: the page's name in a navigation, its description, its place there."""
    told = {"title": title}
    told |= {"description": cut(" ".join(description.split()))} if description else {}
    told |= {} if order is None else {"order": order}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
    return "\n".join(["---", *lines, "---"])


def cut(text: str) -> str:
    """Return `text`, ended at a whole word and an ellipsis where no search engine shows more."""
    if len(text) <= _DESCRIPTION:
        return text
    return text[: _DESCRIPTION - 1].rsplit(" ", 1)[0].rstrip(",;:.- ") + "…"


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
    label = f'aria-label="Numbers (CSV): {html.escape(drawing.title)}"'
    yield f"[Numbers (CSV)](data/{name}.csv){{ .proof-numbers {label} }}"


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


def pictures(folder: Path) -> list[tuple[str, str]]:
    """Return (file name, caption) of the PNG files in `folder`, sorted by name.

    Captions stand beside them in `captions.json`, {file name: text}; a file without one is
    captioned by its name.

    Raises:
        ProjectError: `captions.json` is no object of texts.
    """
    names = sorted(path.name for path in folder.glob("*.webp"))
    path = folder / "captions.json"
    said = files.read_json(path) if names and path.is_file() else {}
    if not (isinstance(said, dict) and all(isinstance(text, str) for text in said.values())):
        raise ProjectError(
            "the captions of the picture sheets cannot be read",
            expected='{"file.webp": "what it shows"}',
            received=f"{str(said)[:60]}",
            remedy=f"write {path} anew",
        )
    return [
        (name, said.get(name) or name.removesuffix(".webp").replace("_", " ")) for name in names
    ]


def sheets(shown: Sequence[tuple[str, str]], how_to_get: str) -> Iterator[str]:
    """Yield picture sheets with their captions, or the sentence that says where they are.

    MkDocs leaves addresses in HTML as they are, and a page is a folder of the site: hence `../`.
    """
    if not shown:
        told = (
            "Missing here: pictures of its mistakes, each with a caption. They are rendered where "
            "the data is present and are no part of the repository; this copy of the page was "
            f"built without them. What brings the data: {markdown.line(how_to_get.rstrip('. '))}. "
            "Then build the page again."
        )
        yield admonition("note", "Built without the data", told)
    for name, caption in shown:
        yield picture(f"sheets/{name}", " ".join(caption.split()), mark=_SHEET)


def picture(source: str, told: str, *, size: tuple[int, int] | None = None, mark: str = "") -> str:
    """Return a picture with its caption, which is its text alternative too.

    The image is Markdown, since MkDocs mends no address within HTML. `size` is width and height in
    pixels, `mark` what the claim check reads.
    """
    alternative = re.sub(r"[^\w\s.,:;()/=%+-]", lambda found: f"&#{ord(found[0])};", told)
    alternative = alternative.replace("_", "&#95;")
    measured = f' width="{size[0]}" height="{size[1]}"' if size else ""
    image = f"![{alternative}]({quote(source)}){{ loading=lazy{measured} }}"
    caption = f"<figcaption>{html.escape(told)}</figcaption>{mark}"
    return f'<figure class="proof-sheet" markdown>\n{image}\n{caption}\n</figure>'


def admonition(kind: str, title: str, text: str) -> str:
    """Return an admonition with one paragraph of Markdown."""
    return f'!!! {kind} "{title}"\n\n    {text}'


def demo_data() -> str:
    """Return the notice of a page about the built-in demo."""
    said = "Built-in made-up data: nothing here says anything about the real world."
    return admonition("danger", "Demo data", said)
