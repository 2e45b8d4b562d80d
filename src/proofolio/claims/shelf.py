"""A folder that holds several projects in `case_studies/`: claims there name whose evidence."""

from functools import cache
from pathlib import Path

from proofolio.claims.resolve import Resolve
from proofolio.contract import ClaimError, Layout

STUDIES = "case_studies"
_BUILT = ("docs/case_studies/*/**/*.md", "docs/rubric/example/**/*.md")  # a program writes these


def is_project(folder: Path) -> bool:
    """Whether a folder holds evidence or a project file of its own."""
    return (folder / "evidence" / "contract.json").is_file() or (folder / "project.yaml").is_file()


def is_shelf(folder: Path) -> bool:
    """Whether a folder is no project itself and holds at least one in `case_studies/`."""
    return not is_project(folder) and bool(studies(folder))


def studies(folder: Path) -> list[str]:
    """Return the names of the projects in `case_studies/`, sorted."""
    return sorted(path.name for path in (folder / STUDIES).glob("*/") if is_project(path))


def pages(folder: Path) -> list[Path]:
    """Return README.md and the Markdown of `docs/` that a program does not write, sorted."""
    built = {path for pattern in _BUILT for path in folder.glob(pattern)}
    readme = [path for path in (folder / "README.md",) if path.is_file()]
    return readme + [p for p in sorted((folder / "docs").rglob("*.md")) if p not in built]


class Shelf:
    """Looks up claims that begin with `in:NAME` in the evidence of `case_studies/NAME`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened = cache(lambda name: Resolve(Layout(folder / STUDIES / name)))

    def of(self, inside: str) -> Resolve:
        """Return what the claims of one case study are bound to; its evidence is read once.

        Raises ClaimError where none is named or there is none of that name.
        """
        known = studies(self.folder)
        if inside not in known:
            raise ClaimError(
                f"there is no case study {inside!r}" if inside else "no case study is named",
                expected=f"in:NAME first, one of {', '.join(known)}",
                remedy=f"write <!--claim in:{known[0]} SUBJECT PATH FORMAT-->",
            )
        return self._opened(inside)
