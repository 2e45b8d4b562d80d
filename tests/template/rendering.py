"""Render the template of the working tree: without git, so that copier takes it as it is."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType

import yaml
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


def environment(root: Path, *paths: Path) -> dict[str, str]:
    """Return an environment in which Python finds the project's package, and `paths` before it."""
    inherited = filter(None, [os.environ.get("PYTHONPATH")])
    known = os.pathsep.join(map(str, [*paths, root / "src", *inherited]))
    return os.environ | {"PYTHONPATH": known, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


def hook(name: str) -> ModuleType:
    """Return a hook of the template's site as a module."""
    path = ROOT / "template" / "docs" / "_overrides" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def preset(name: str) -> dict[str, str]:
    """Return the answers of presets/NAME.yml."""
    return yaml.safe_load((ROOT / "presets" / f"{name}.yml").read_text(encoding="utf-8"))


def run(
    root: Path,
    *words: str,
    code: int = 0,
    paths: Sequence[Path] = (),
    package: str = "my_project",
) -> str:
    """Run `python -m PACKAGE WORDS` in a generated project; return what it printed."""
    command = [sys.executable, "-m", package, *words]
    found = environment(root, *paths)
    done = subprocess.run(command, cwd=root, env=found, capture_output=True, text=True)
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout + done.stderr
