"""Versions of the template as tags of a small repository: the last three, and what is here.

While fewer than three are released, earlier commits of the history stand for the missing ones.
"""

import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("copier.yml", "template")
# Complete templates that differ: images alone; both kinds; before images could be served.
STAND_INS = ("715f02c6", "c24ce834", "d4c5cd29")
SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A reader",
    "GIT_AUTHOR_EMAIL": "reader@example.org",
    "GIT_COMMITTER_NAME": "A reader",
    "GIT_COMMITTER_EMAIL": "reader@example.org",
}


def git(folder: Path, *words: str) -> bytes:
    """Run git in a folder and return what it prints."""
    command = ["git", *words]
    done = subprocess.run(command, cwd=folder, env=os.environ | SETTINGS, capture_output=True)
    assert done.returncode == 0, f"{command}: {done.stderr.decode()}"
    return done.stdout


def commit(folder: Path, message: str, tag: str = "") -> None:
    """Commit everything in a repository, and tag it."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    if tag:
        git(folder, "tag", tag)


def former() -> dict[str, str]:
    """Return the last three versions, oldest first: a tag and the commit that it stands on."""
    known = git(ROOT, "tag", "--list", "--sort=version:refname", "v*").decode().split()
    tags = [tag for tag in known if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    if len(tags) >= 3:
        return {tag: tag for tag in tags[-3:]}
    return {f"v0.0.{number}": where for number, where in enumerate((*STAND_INS, *tags)[-3:], 1)}


def repository(folder: Path) -> list[str]:
    """Write the repository into an empty folder; return its tags, that of the working tree last."""
    git(folder, "init", "-q", "-b", "main")
    tags = []
    for tag, where in former().items():
        clear(folder)
        with tarfile.open(fileobj=io.BytesIO(archive(where))) as packed:
            packed.extractall(folder)  # made by git archive a line above
        commit(folder, f"Release {tag}", tag)
        tags.append(tag)
    clear(folder)
    shutil.copy(ROOT / "copier.yml", folder)
    ignored = shutil.ignore_patterns("__pycache__", "*.py[co]")
    shutil.copytree(ROOT / "template", folder / "template", ignore=ignored)
    commit(folder, "The working tree", "v1000.0.0")
    return [*tags, "v1000.0.0"]


def archive(where: str) -> bytes:
    """Return the template as it was at a commit or tag, as tar."""
    try:
        return git(ROOT, "archive", where, "--", *PARTS)
    except AssertionError as error:
        if git(ROOT, "rev-parse", "--is-shallow-repository").strip() == b"true":
            pytest.skip("a shallow clone: earlier versions of the template are not here")
        raise error


def clear(folder: Path) -> None:
    """Remove the template from a working tree."""
    (folder / "copier.yml").unlink(missing_ok=True)
    shutil.rmtree(folder / "template", ignore_errors=True)
