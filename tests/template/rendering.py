"""Render the template of the working tree: without git, so that copier takes it as it is."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from copier import run_copy

ROOT = Path(__file__).parents[2]


@cache
def source() -> str:
    """Return a copy of copier.yml and template/ outside git."""
    folder = Path(mkdtemp(prefix="proofolio-template-"))
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copytree(ROOT / "template", folder / "template")
    return str(folder)


def render(into: Path, **answers: str) -> Path:
    """Render with these answers and defaults for the rest; raises ValueError on a refused one."""
    run_copy(source(), into, data=answers, defaults=True, quiet=True)
    return into
