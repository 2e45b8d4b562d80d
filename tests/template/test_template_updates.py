"""`copier update` from each of the last three versions to what is here, with edits of one's own."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest
import versions
import yaml
from copier import run_copy, run_update
from pathspec import PathSpec
from rendering import environment, run

from proofolio import claims, verify

NOTES = versions.ROOT / "docs" / "start" / "updating.md"
# Which version, the oldest first, and kind. The first stand-in knows images alone.
CASES = [(0, "image"), (1, "image"), (1, "events"), (2, "image"), (2, "events")]
OLDEST = {kind: next(case for case in CASES if case[1] == kind) for kind in ("image", "events")}
OWN = {  # files of the author's: a text that stands there, and what stands there after the edit
    "README.md": ("\n## ", "\nWhat I learnt is below.\n\n## "),
    "project.yaml": ("\nseeds: [0, 1] ", "\nseeds: [0, 1, 2] "),
    "docs/index.md": ("\nAbout: ", "\nMy own words. "),
}
SHARED = {  # files that an update merges
    "pyproject.toml": ("dependencies = [\n", 'dependencies = [\n  "seaborn>=0.13",\n'),
    "mkdocs.yml": (" gpu.md\n", " gpu.md\n  - Problem: problem.md\n"),
    ".gitignore": ("\n.DS_Store\n", "\n.DS_Store\n/private/\n"),
    ".github/workflows/ci.yml": (
        "      - run: python -m pytest\n",
        "      - run: python -m pytest\n      - run: python -m compileall -q src\n",
    ),
}
NEW = {
    "src/my_project/extra.py": '"""Mine. Run: python -m my_project.extra."""\n\nANSWER = 42\n',
    "tests/test_extra.py": "from my_project import extra\n\n\n"
    "def test_answer():\n    assert extra.ANSWER == 42\n",
    "docs/problem.md": "# The problem\n\nIn my words.\n",
}
DELETED = ("notebooks/02_errors.py", "src/my_project/explore.py")


class Updated(NamedTuple):
    """A project after its update, a fresh one beside it, and every file as it was before."""

    kind: str
    root: Path
    fresh: Path
    before: dict[str, bytes]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The repository of the template, and its tags."""
    folder = tmp_path_factory.mktemp("template")
    return folder, versions.repository(folder)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[1]}-{3 - case[0]}_back")
def updated(request, source, tmp_path_factory):
    """A project of one of the last three versions, edited, with recorded evidence, updated."""
    (template, tags), (number, kind) = source, request.param
    folder = tmp_path_factory.mktemp("updated")
    root, fresh = folder / "project", folder / "fresh"
    render(template, root, tags[number], kind)
    versions.git(root, "init", "-q", "-b", "main")
    versions.commit(root, "As generated")
    edit(root)
    run(root, "prepare"), run(root, "split")
    versions.commit(root, "My own")
    before = {name: (root / name).read_bytes() for name in files_of(root)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in versions.SETTINGS.items():
            patch.setenv(name, value)
        run_update(root, defaults=True, overwrite=True, quiet=True)
    render(template, fresh, tags[-1], kind)
    return Updated(kind, root, fresh, before)


def render(template, into, tag, kind):
    """Render one version for a kind."""
    run_copy(str(template), into, data={"kind": kind}, defaults=True, quiet=True, vcs_ref=tag)


def edit(root):
    """Make the edits; each must find the text that it changes."""
    for name, (old, new) in (OWN | SHARED).items():
        text = (root / name).read_text(encoding="utf-8")
        assert old in text, name
        (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    for name, text in NEW.items():
        (root / name).write_text(text, encoding="utf-8")
    with (root / "src/my_project/data.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\nSITES = 3\n")
    for name in DELETED:
        (root / name).unlink()


def files_of(root):
    """Return what git knows or would add, by name."""
    listed = versions.git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return sorted(name for name in set(listed.decode().split("\0")) if (root / name).is_file())


def yours(root):
    """Return a matcher of the files that are the author's."""
    questions = yaml.safe_load((versions.ROOT / "copier.yml").read_text(encoding="utf-8"))
    return PathSpec.from_lines("gitignore", questions["_skip_if_exists"]).match_file


@pytest.mark.slow
def test_what_is_yours_is_untouched(updated):
    after = set(files_of(updated.root))
    mine = yours(updated.root)
    kept = [n for n in updated.before if mine(n) or n in NEW or n.startswith("evidence/")]
    assert len(kept) > 20 and any(name.endswith(".parquet") for name in kept)
    assert [n for n in kept if (updated.root / n).read_bytes() != updated.before[n]] == []
    assert not after & set(DELETED)
    assert not {n for n in after - set(updated.before) if n.startswith(("src/", "notebooks/"))}


@pytest.mark.slow
def test_no_conflict_is_left(updated):
    for name in files_of(updated.root):
        assert not name.endswith((".rej", ".orig")), name
        lines = (updated.root / name).read_bytes().splitlines()
        assert not [line for line in lines if line.startswith((b"<<<<<<<", b">>>>>>>"))], name
    assert versions.git(updated.root, "ls-files", "--unmerged") == b""


@pytest.mark.slow
def test_what_is_the_templates_equals_a_fresh_render(updated):
    mine, fresh = yours(updated.root), files(updated.fresh)
    for name in (name for name in fresh if not mine(name)):
        text = (updated.root / name).read_text(encoding="utf-8")
        if name in SHARED:
            old, new = SHARED[name]
            assert new in text, name
            text = text.replace(new, old, 1)
        assert text == (updated.fresh / name).read_text(encoding="utf-8"), name
    gone = [n for n in updated.before if n not in fresh and not (updated.root / n).exists()]
    assert not gone  # nothing that the template no longer has was the author's


def files(folder):
    """Return the names of the files below a folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.slow
def test_the_project_still_holds(updated):
    assert not verify.run(updated.root).problems
    assert [str(problem) for problem in claims.check(updated.root, strict=True)] == []
    for words in (
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--check", "--no-cache", "."),
        ("pytest", "-m", "not slow", "-p", "no:cacheprovider"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=updated.root, env=environment(updated.root),
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.slow
def test_old_code_goes_from_raw_files_to_a_verified_page(updated, request):
    if OLDEST[updated.kind] != request.node.callspec.params["updated"]:
        pytest.skip("the oldest of each kind is enough")
    run(updated.root, "all", "--quick")
    assert not verify.run(updated.root / "work" / "quick").problems


def commands(root):
    """Return the names of the commands that a project's source declares."""
    modules = sorted((root / "src" / "my_project").glob("*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in modules)
    listed = ",".join(re.findall(r"^COMMANDS = \((.*)\)", text, re.MULTILINE))
    decorated = re.findall(r"^@app\.command\ndef (\w+)", text, re.MULTILINE)
    return {*decorated, *re.findall(r"\w+", listed)}


@pytest.mark.slow
def test_the_notes_name_every_command_that_is_new(updated):
    told = NOTES.read_text(encoding="utf-8").partition("## Upgrade notes")[2]
    assert {"prepare", "verify"} <= commands(updated.root) <= commands(updated.fresh)
    new = commands(updated.fresh) - commands(updated.root)
    assert {name for name in new if f"`{name}`" not in told} == set()


@pytest.mark.slow
def test_the_notes_bring_the_commands_of_operation(updated, tmp_path):
    if updated.kind == "events":
        pytest.skip("of images alone")
    told = NOTES.read_text(encoding="utf-8").partition("## Upgrade notes")[2]
    shown = textwrap.dedent(re.search(r"```python\n(.*?operation.*?) *```", told, re.DOTALL)[1])
    package = tmp_path / "src" / "my_project"
    shutil.copytree(updated.root / "src" / "my_project", package)
    for name in ("operation.py", "sheets.py"):
        shutil.copy(updated.fresh / "src" / "my_project" / name, package)
    before, found, after = (package / "__main__.py").read_text("utf-8").rpartition("    try:\n")
    assert found
    lines = textwrap.indent(shown, "    ", lambda line: line.strip() != "")
    (package / "__main__.py").write_text(before + lines + found + after, encoding="utf-8")
    said = run(tmp_path, "--help")
    assert all(re.search(rf"\b{name} ", said) for name in ("export", "serve", "monitor"))


@pytest.mark.slow
def test_a_second_update_changes_nothing(updated, request):
    if request.node.callspec.params["updated"] != CASES[0]:
        pytest.skip("one project is enough")
    versions.commit(updated.root, "Template updated")
    run_update(updated.root, defaults=True, overwrite=True, quiet=True)
    assert versions.git(updated.root, "status", "--porcelain") == b""
