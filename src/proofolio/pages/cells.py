"""A notebook's cells as Markdown: text as written, code, and what each cell gave.

Tables are Markdown, figures pictures with a text alternative; paths of this machine are shortened.
"""

import base64
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from proofolio.cards import markdown
from proofolio.contract import Layout
from proofolio.pages import kernel, parts
from proofolio.project import Project

FIGURES = "sheets/notebooks"
_LINES = 60  # of what a cell prints
_WIDTH = 1400  # of a figure, in pixels


def shown(
    cells: Sequence[Any], layout: Layout, project: Project, stem: str
) -> tuple[list[str], dict[str, bytes]]:
    """Return the blocks of a page and its figures (WebP) by file name in `FIGURES`.

    Args:
        cells: Cells of an executed notebook, with their outputs.
        layout: The project's paths.
        project: The project.
        stem: The notebook's file name, from which the figures are named.
    """
    figures: dict[str, bytes] = {}
    return list(_blocks(cells, layout, project, stem, figures)), figures


def _blocks(
    cells: Sequence[Any], layout: Layout, project: Project, stem: str, figures: dict[str, bytes]
) -> Iterator[str]:
    heading = ""
    for cell in cells:
        if cell.cell_type == "markdown":
            heading = next(iter(re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE)), heading)
            yield cell.source.strip()
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        yield _fenced(cell.source.strip(), "python")
        for output in cell.outputs:
            if output.output_type == "error":
                yield _stopped(_relative(output.evalue, layout), output.ename, project)
                return
            if output.get("name") != "stderr":  # warnings, of the machine more than of the data
                yield from _given(output, layout, heading, stem, figures)


def _given(
    output: Any, layout: Layout, heading: str, stem: str, figures: dict[str, bytes]
) -> Iterator[str]:
    data = output.get("data", {})
    text = _relative(str(output.get("text", "") or data.get("text/plain", "")), layout)
    if kernel.TABLE in data:
        yield from _table(data[kernel.TABLE], layout)
    elif "image/png" in data:
        name = f"{stem}_{len(figures) + 1}.webp"
        figures[name], size = _webp(base64.b64decode(data["image/png"]))
        told = f"{heading.rstrip('.')}{'' if heading.endswith('?') else '.'} {text}".strip(". ")
        yield parts.picture(f"{FIGURES}/{name}", f"{told}.", size=size)
    elif text.strip():
        lines = text.rstrip().splitlines()
        more = [f"... {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
        yield _fenced("\n".join([*lines[:_LINES], *more]), "text")


def _table(told: dict[str, Any], layout: Layout) -> Iterator[str]:
    rows = [[markdown.line(_relative(cell, layout)) for cell in row] for row in told["rows"]]
    header = [markdown.line(name) for name in told["header"]]
    yield markdown.table(header, rows)
    if told["left"]:
        yield f"{told['left']:,} more rows are not shown."


def _webp(png: bytes) -> tuple[bytes, tuple[int, int]]:
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((_WIDTH, 16 * _WIDTH))
    out = io.BytesIO()
    image.save(out, "WEBP", quality=80)
    return out.getvalue(), image.size


def _stopped(message: str, kind: str, project: Project) -> str:
    """Return the sentence that says what is missing and the command that brings it."""
    lines = [line.strip() for line in message.splitlines() if line.strip()] or [kind]
    remedy = next((n.removeprefix("remedy: ") for n in lines if n.startswith("remedy: ")), "")
    if not remedy and kind == "ModuleNotFoundError":
        remedy = "install the project with all its extras"
    remedy = remedy or f"`python -m {project.package} prepare` brings the data"
    remedy = remedy.replace("<package>", project.package)
    said = f"{markdown.line(lines[0].rstrip('.'))}. What brings it: "
    said += remedy if "`" in remedy else markdown.line(remedy)
    return parts.admonition("note", "The notebook stops here", f"Missing: {said.rstrip('.')}.")


def _relative(text: str, layout: Layout) -> str:
    """Return text without paths of this machine."""
    for folder in (layout.root, Path(sys.prefix), Path.home()):
        text = text.replace(f"{folder}{os.sep}", "").replace(str(folder), ".")
    return text


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
