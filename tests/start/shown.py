"""Pages of the Start section as programs: their commands and files, in the order they are shown.

A block of `sh` is a command of the Linux path. A block with a `title` is a file that the reader
writes; one of `project.yaml` replaces the entries of the same name. Blocks of `powershell`, `zsh`
and `bash` are for machines that the tests do not have, and are not run.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PAGES = ROOT / "docs" / "start"
ADDRESS = "https://github.com/OWNER/proofolio"  # as printed; git is told where it lies
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "HF_HUB_OFFLINE": "1",
    "NO_MKDOCS_2_WARNING": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A reader",
    "GIT_AUTHOR_EMAIL": "reader@example.org",
    "GIT_COMMITTER_NAME": "A reader",
    "GIT_COMMITTER_EMAIL": "reader@example.org",
}
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?: +title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
ENTRY = re.compile(r"^(?=[a-z_]+:)", re.MULTILINE)


class Block(NamedTuple):
    """One fenced block: its language, the file it is (or None), its text, the heading above it."""

    language: str
    title: str | None
    body: str
    section: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of docs/start/<page>.md in order, those in folded notes too."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        headings = re.findall(r"^## (.+)$", text[: match.start()], re.MULTILINE)
        body = textwrap.dedent(match["body"])
        found.append(
            Block(match["language"], match["title"], body, headings[-1] if headings else "")
        )
    return found


def run(folder: Path, shown: list[Block], source: Path) -> str:
    """Run blocks in one shell, in `folder`, against the repository at `source`; return the output.

    Raises:
        AssertionError: a command failed; the message ends with what was printed.
    """
    staged, lines = folder / ".staged", ["set -eo pipefail"]
    staged.mkdir()
    for number, block in enumerate(shown):
        kept = staged / str(number)
        kept.write_text(block.body, encoding="utf-8")
        if block.title:
            words = [sys.executable, str(HERE / "shown.py"), str(kept), block.title]
            lines.append(shlex.join(words))
        elif block.language == "sh":
            lines += [f"echo '### block {number}: {block.section}'", block.body]
    program = folder / ".program.sh"
    program.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        ["bash", program], cwd=folder, env=environment(folder, source), capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def environment(folder: Path, source: Path) -> dict[str, str]:
    """Return an environment where `python3` is this Python and ADDRESS the repository `source`.

    pip and the commands of Slurm are stand-ins: tests install nothing, and have no cluster.
    """
    commands = folder / ".commands"
    commands.mkdir()
    (commands / "python3").symlink_to(sys.executable)
    known = [HERE / "stand_in", ROOT / "src", sysconfig.get_path("purelib")]
    redirect = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{source.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"{ADDRESS}.git",
    }
    return os.environ | SETTINGS | redirect | {
        "PATH": os.pathsep.join([str(commands), str(HERE / "stand_in/bin"), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join(map(str, known)),
        "HOME": str(folder),
    }  # fmt: skip


def repository(folder: Path) -> Path:
    """Return a repository of the template and its doors as they are here, tagged v0.1.0."""
    shutil.copy(ROOT / "copier.yml", folder)
    for name in ("template", "presets", "cookiecutter"):
        left = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=left)
    git(folder, "init", "-q", "-b", "main")
    release(folder, "v0.1.0")
    return folder


def release(folder: Path, tag: str) -> None:
    """Commit everything in a repository and tag it."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", f"Release {tag}")
    git(folder, "tag", tag)


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and return what it prints."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env=os.environ | SETTINGS, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    return done.stdout


def write(body: str, path: Path) -> None:
    """Write a shown file; of a `project.yaml` replace the entries of the same names alone."""
    if path.name == "project.yaml":
        old = {entry.partition(":")[0]: entry for entry in ENTRY.split(path.read_text("utf-8"))}
        new = {entry.partition(":")[0]: entry for entry in ENTRY.split(body) if entry}
        assert set(new) <= set(old), f"project.yaml has no {set(new) - set(old)}"
        body = "".join((old | new).values())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]).read_text("utf-8"), Path(sys.argv[2]))
