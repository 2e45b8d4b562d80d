"""What every rendered project must be: exactly these files, all of them parsing and linted."""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from html import unescape
from pathlib import Path

import markdown
import yaml
from mkdocs.utils import yaml_load

from proofolio import project

SHARED = [
    ".copier-answers.yml",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".github/ISSUE_TEMPLATE/review_request.yml",
    ".github/PULL_REQUEST_TEMPLATE.md",
    ".github/workflows/ci.yml",
    ".github/workflows/maintenance.yml",
    ".github/workflows/pages.yml",
    "LICENSE",
    "README.md",
    "constraints.txt",
    "environment.yml",
    "mkdocs.yml",
    "project.yaml",
    "pyproject.toml",
    "docs/_overrides/links.py",
    "docs/_overrides/main.html",
    "docs/_overrides/nav.py",
    "docs/gpu.md",
    "docs/index.md",
    "docs/stylesheets/proofolio.css",
    "notebooks/01_explore.py",
    "notebooks/02_errors.py",
    "src/PACKAGE/__init__.py",
    "src/PACKAGE/__main__.py",
    "src/PACKAGE/data.py",
    "src/PACKAGE/demo.py",
    "src/PACKAGE/evaluate.py",
    "src/PACKAGE/explore.py",
    "src/PACKAGE/models.py",
    "src/PACKAGE/train.py",
    "src/PACKAGE/tune.py",
    "tests/test_contract.py",
    "tests/test_project.py",
]
FILES = {
    "image": [
        *SHARED,
        "docs/operation.md",
        "src/PACKAGE/dataset.py",
        "src/PACKAGE/operation.py",
        "src/PACKAGE/sheets.py",
    ],
    "events": [*SHARED, "src/PACKAGE/events.py"],
}
MOST_FILES = 45


def files_of(folder: Path) -> list[str]:
    """Every file under `folder`, relative, sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def these_files_and_no_others(folder: Path) -> None:
    """Exactly the listed files of the kind, no empty folder, few enough to look at."""
    author = project.load(folder)
    expected = sorted(name.replace("PACKAGE", author.package) for name in FILES[author.kind])
    assert files_of(folder) == expected
    assert len(expected) <= MOST_FILES
    assert not [p for p in folder.rglob("*") if p.is_dir() and not any(p.iterdir())]


def everything_parses(folder: Path) -> None:
    """Python, YAML, TOML, JSON and the front matter of Markdown, each by its own reader."""
    readers = {"py": ast.parse, "yml": yaml.safe_load, "yaml": yaml.safe_load}
    readers |= {"toml": tomllib.loads, "json": json.loads}
    for name in files_of(folder):
        text = (folder / name).read_text(encoding="utf-8")
        if name.endswith(".md") and text.startswith("---\n"):
            text, name = text.split("---\n", 2)[1], "front.yaml"
        read = yaml_load if name == "mkdocs.yml" else readers.get(name.rpartition(".")[2])
        assert read is None or read(text), name


def answers_arrive_unchanged(folder: Path, answers: dict[str, str]) -> None:
    """What was answered is what every file says that repeats it."""
    stored = yaml.safe_load((folder / ".copier-answers.yml").read_text(encoding="utf-8"))
    author = project.load(folder)
    stated = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = yaml_load((folder / "mkdocs.yml").read_text(encoding="utf-8"))
    assert {k: stored.get(k, "prequential") for k in answers} == answers
    assert author.title == site["site_name"] == stored["project_name"]
    assert author.summary == stated["description"] == stored["description"]
    assert author.authors == [stored["author_name"]] == [stated["authors"][0]["name"]]
    assert author.primary_split.strategy == stored.get("split_strategy", "prequential")
    assert author.kind == stored["kind"] == answers.get("kind", "image")
    assert author.unit == stored["unit"]
    assert stated["dependencies"] == [stored["proofolio_requirement"]]
    assert stored["author_name"] in (folder / "LICENSE").read_text(encoding="utf-8")


def title_survives_markdown(folder: Path) -> None:
    """The README's heading, as a reader sees it, is the title."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    html = markdown.markdown(text, extensions=["attr_list", "tables"])
    heading = re.sub(r"<[^>]+>", "", re.search(r"<h1>(.*?)</h1>", html, re.S)[1])
    assert unescape(heading).strip() == project.load(folder).title.strip()


LINTED: set[str] = set()


def code_lints(folder: Path) -> None:
    """The same for one project, without a process where its code was linted before."""
    code = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        code.update(path.read_bytes() + b"\0")
    if code.hexdigest() not in LINTED:
        lint_is_clean(folder)
        LINTED.add(code.hexdigest())


def lint_is_clean(folder: Path) -> None:
    """`ruff check` and `ruff format --check`, each once for all projects under `folder`."""
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout
