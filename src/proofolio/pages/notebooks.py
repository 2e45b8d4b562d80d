"""A project's notebooks as pages: run cell by cell on request, shown with what each cell gave.

A page holds the key of what it was made from (notebook, code, evidence, table); as long as that is
the same, it is not run again. Where the data is missing the page says so and stops. Figures stand
in `sheets/`, which git ignores: they may be made of the data's own pictures.
"""

import importlib.metadata
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proofolio import files
from proofolio.cards import markdown
from proofolio.contract import Layout, ProjectError
from proofolio.contract import refusals as contract_refusals
from proofolio.pages import cells, kernel, parts
from proofolio.project import Project

_MAKERS = (kernel.__file__, cells.__file__, __file__)
_CELL_SECONDS = 300
_PLACE = 80  # among the pages, after the author's and before the cards
_KEY = re.compile(r"<!-- Run by `proofolio pages --notebooks` as ([0-9a-f]{64})\. -->")
_REFUSALS = {name for name, kind in vars(contract_refusals).items() if isinstance(kind, type)}
_MISSING = {*_REFUSALS, "FileNotFoundError", "ModuleNotFoundError"}


def write(
    layout: Layout, project: Project, folder: Path, *, run: bool = False
) -> list[tuple[str, str]]:
    """Write the pages of the notebooks and return (address, title) of those that stand.

    Args:
        layout: The project's paths.
        project: The project.
        folder: The folder of the result page.
        run: Run each notebook whose page is missing or older than what it was made from; without,
            pages still current are kept and the others removed.

    Raises:
        ProjectError: A cell fails for another reason than missing data or runs too long, or what
            runs notebooks is not installed.
    """
    found = _notebooks(layout) if run or list(folder.glob("notebook_*.md")) else []
    before = _state(layout) if found else ""
    pages = {}
    for place, path in enumerate(found, _PLACE):
        page = folder / f"notebook_{path.stem}.md"
        key = files.sha256_text(before + path.read_text(encoding="utf-8"))
        if not _current(page, key):
            if not run:
                continue
            _write(layout, project, path, page, place, key)
        pages[page] = f"Notebook: {_name(path)}"
    _clear(folder, list(pages))
    return [(page.name, title) for page, title in pages.items()]


def _notebooks(layout: Layout) -> list[Path]:
    found = sorted((layout.root / "notebooks").glob("*.py"))
    scripts = [path for path in found if "\n# %%" in path.read_text(encoding="utf-8")]
    return sorted([*scripts, *(layout.root / "notebooks").glob("*.ipynb")])


def _name(path: Path) -> str:
    return re.sub(r"^\d+_", "", path.stem).replace("_", " ")


def _state(layout: Layout) -> str:
    """Return one text for all that a notebook reads: code, evidence, table, raw data or none."""
    read = sorted(p for p in layout.evidence.rglob("*") if p.is_file())
    read += sorted((layout.root / "src").rglob("*.py"))
    read += [p for p in (layout.project, layout.table) if p.is_file()]
    hashes = [f"{p.relative_to(layout.root).as_posix()} {files.sha256_file(p)}" for p in read]
    raw = layout.root / "data" / "raw"
    made_by = [importlib.metadata.version("proofolio"), *(files.sha256_file(p) for p in _MAKERS)]
    return "\n".join([*made_by, str(raw.exists()), *hashes])


def _current(page: Path, key: str) -> bool:
    if not page.is_file():
        return False
    text = page.read_text(encoding="utf-8")
    told = _KEY.search(text)
    shown = re.findall(rf"\({cells.FIGURES}/([^)]+)\)", text)
    there = all((page.parent / cells.FIGURES / name).is_file() for name in shown)
    return bool(told) and told[1] == key and there


def _clear(folder: Path, kept: Sequence[Path]) -> None:
    """Remove pages that no longer stand, and figures that no page shows."""
    for page in folder.glob("notebook_*.md"):
        if page not in kept and _KEY.search(page.read_text(encoding="utf-8")):
            page.unlink()
    texts = [page.read_text(encoding="utf-8") for page in kept]
    for figure in (folder / cells.FIGURES).glob("*.webp"):
        if not any(f"{cells.FIGURES}/{figure.name})" in text for text in texts):
            figure.unlink()


def _write(layout: Layout, project: Project, path: Path, page: Path, place: int, key: str) -> None:
    title = f"Notebook: {_name(path)}"
    about = f"{title} of {project.title}, run when the site was built, with what each cell gave."
    told = (
        f"`notebooks/{path.name}` of [{markdown.line(project.title)}](index.md), run when this "
        "site was built. Its numbers come from the data on that machine; no claim check holds "
        "them to evidence."
    )
    given, figures = cells.shown(_run(layout, path), layout, project, path.stem)
    headed = bool(given) and given[0].startswith("# ")
    blocks = [
        parts.front(title, about, place),
        f"<!-- Run by `proofolio pages --notebooks` as {key}. -->",
        given.pop(0) if headed else f"# {title}",
        told,
        *given,
    ]
    for name, data in figures.items():
        files.write_bytes(page.parent / cells.FIGURES / name, data)
    files.write_text(page, "\n\n".join(blocks) + "\n")


def _run(layout: Layout, path: Path) -> list[Any]:
    """Return the notebook's cells with their outputs, up to the one that failed."""
    try:
        import jupytext
        import nbclient
        import nbformat
    except ImportError as error:
        raise ProjectError(
            "what runs notebooks is not installed",
            expected="nbclient, jupytext and ipykernel",
            received=str(error),
            remedy="pip install 'proofolio[docs]', or leave out --notebooks",
        ) from None
    book = jupytext.read(path)
    first = "from proofolio.pages import kernel as _kernel\n_kernel.register()"
    book.cells.insert(0, nbformat.v4.new_code_cell(first))
    quiet = ["--log-level=ERROR"]  # on this machine alone, so no word on encryption is needed
    client = nbclient.NotebookClient(
        book, timeout=_CELL_SECONDS, kernel_name="python3", extra_arguments=quiet
    )
    try:
        client.execute(cwd=str(layout.root), env=_environment(layout))
    except nbclient.exceptions.CellExecutionError as error:
        if error.ename not in _MISSING:
            raise _fault(path, f"{error.ename}: {error.evalue}") from None
    except (nbclient.exceptions.CellTimeoutError, nbclient.exceptions.DeadKernelError) as error:
        raise _fault(path, " ".join(str(error).split())[:200]) from None
    return book.cells[1:]


def _fault(path: Path, received: str) -> ProjectError:
    return ProjectError(
        f"notebooks/{path.name} does not run to its end",
        expected=f"every cell without an error, within {_CELL_SECONDS} s",
        received=received,
        remedy=f"run python notebooks/{path.name} and mend it, or leave out --notebooks",
    )


def _environment(layout: Layout) -> dict[str, str]:
    known = [str(layout.root / "src"), *filter(None, sys.path)]
    shown = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "NO_COLOR": "1"}
    return os.environ | shown | {"PYTHONPATH": os.pathsep.join(known)}
