"""A small project that earns every automatic point, made without pictures or training."""

import os
import subprocess
from pathlib import Path
from typing import Any

import builders
import event_project
import finished_project
import pytest
import yaml
from verify.proven import few_resamples

from proofolio import claims, evidence, files, project
from proofolio.cards.questions import questions
from proofolio.contract import Layout, Result
from proofolio.evidence import standing

CODES_OF_HUMANS = {"PD4", "EL5", "CO5", "TO2"}
README = """# Tiny patients

**Problem.** Nurses see more patients than they can look at in a morning.

**Decision it supports.** Whom a nurse looks at first. A miss delays a treatment.

**Result.** AUROC of the chosen model <!--claim model:champion test.auroc .3f ci-->?<!--/claim-->,
of hand-made features <!--claim config:classical test.auroc .3f ci-->?<!--/claim-->.

![AUROC of each rung with its interval; the network lies above hand-made features](figures/a.svg)

**Limits.** Few patients. The shortcut audit warns: file statistics alone tell something.

<!--claims ladder-->
<!--/claims-->
"""
FILES = {
    "LICENSE": "MIT License. Copyright A. Tester.\n",
    "constraints.txt": "numpy==2.4.6\npandas==3.1.1\nscikit-learn==1.9.1\n",
    ".gitignore": "work/\ndata/\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    steps:\n      - run: pytest\n",
    "src/tiny/__init__.py": '"""Tiny."""\n',
    "src/tiny/data.py": '"""The table."""\n\n\ndef double(x: int) -> int:\n    return 2 * x\n',
    "tests/test_tiny.py": "from tiny.data import double\n\n\n"
    + "\n\n".join(f"def test_{i}():\n    assert double({i}) == {2 * i}\n" for i in range(4)),
}
LADDER = [
    {"name": "prior", "rung": "prior", "config": {"model": {"kind": "prior"}}, "seeds": [0]},
    {"name": "classical", "rung": "classical", "config": {"c": 1.0}, "seeds": [0]},
    {"name": "good", "rung": "network", "config": {"optim": {"lr": 0.1, "epochs": 3}}},
    {"name": "good_slow", "rung": "network", "parent": "good", "change": {"optim.lr": 0.01}},
]
SKILL = {"prior": 0.0, "classical": 0.4, "good": 1.5, "good_slow": 1.2}


def answers() -> dict[str, Any]:
    """Return an answer to every question of both cards."""
    cards = ("model_card", "data_card")
    return {c: {q.key: f"About {q.key}." for q in questions(c)} for c in cards}


def git(root: Path, *arguments: str, day: int = 0) -> None:
    """Run git as a tester whose commits lie `day` days after the first."""
    when = f"2026-01-{day + 1:02d}T10:00:00+00:00"
    own = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when} if arguments[0] == "commit" else {}
    command = ["git", "-c", "user.name=A. Tester", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, cwd=root, check=True, capture_output=True, env=os.environ | own)


def write(root: Path, changes: dict[str, str]) -> None:
    """Write text files by path."""
    for name, text in changes.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def _history(root: Path) -> None:
    """Commit the code in ten steps over ten days."""
    git(root, "init", "-q", "-b", "main")
    write(root, FILES)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Start", day=0)
    for step in range(1, 10):
        write(root, {"src/tiny/data.py": FILES["src/tiny/data.py"] + f"\n\nSTEP = {step}\n"})
        git(root, "commit", "-q", "-am", f"Step {step}", day=step)


def _measured(layout: Layout) -> None:
    """Write two measured results."""
    common = {"method": "median", "inputs": {}, "how": "python -m tiny measure", "n": 10}
    for kind, value in (("latency", 3.2), ("size", 1.5)):
        made = Result(kind=kind, value=value, hardware="two cores", **common)
        files.write_json(layout.result(kind), made.model_dump())


def _read(layout: Layout, root: Path) -> project.Project:
    """Write down what somebody sees in the surest mistakes."""
    settings = yaml.safe_load((root / "project.yaml").read_text())
    for part in ("val", "test"):
        table = files.read_json(layout.result(f"mistakes_{part}"))["table"]
        settings["readings"][part] = {table[0]["id"]: "The pattern is faint."} if table else {}
    (root / "project.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return project.load(root)


def _concluded(ladder: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = {"hypothesis": "It helps.", "conclusion": "It did what was expected."}
    return [told | rung | {"conclusion": told["conclusion"]} for rung in ladder]


def _chosen(layout: Layout, author: project.Project) -> None:
    """Choose, open test, write down what is known and commit."""
    root = layout.root
    files.write_json(layout.references, [])
    evidence.select(layout, author)
    evidence.register(layout, author)
    evidence.open_test(layout, author, "final evaluation")
    evidence.conclude(layout, author)
    evidence.summarise(layout, author)
    evidence.summarise(layout, _read(layout, root))
    _measured(layout)
    write(root, {"README.md": _readme(author)})
    claims.write(root)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Evaluate", day=12)


def _readme(author: project.Project) -> str:
    """Return the README with the metric and a simple baseline of the project."""
    simple = author.ladder[1].name if author.kind == "image" else author.ladder[0].name
    return README.replace("auroc", author.metric.primary).replace("classical", simple)


def finish(root: Path, ladder: list[dict[str, Any]] = LADDER) -> Path:
    """Return a project that is trained, chosen, opened once, described and committed."""
    settings = {"seeds": [0, 1, 2], "demo_data": False, "readings": {}}
    with pytest.MonkeyPatch.context() as patch:
        few_resamples(patch)
        patch.setattr(finished_project, "SKILL", SKILL)
        root.mkdir(parents=True)
        _history(root)
        settings["ladder"] = _concluded(ladder)
        layout, author = finished_project.start(root, **settings, **answers())
        frame = builders.example_frame(units=90)
        files.write_parquet(layout.hashes, frame[["id", "content", "perceptual"]])
        files.write_text(layout.duplicates, "a,b,kind,distance\n")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "Specification and data", day=11)
        finished_project.train(layout, author)
        finished_project.audited(layout)
        _chosen(layout, author)
    return root


def finish_events(root: Path) -> Path:
    """Return the same of kind events: time orders its windows."""
    ladder = _concluded(event_project.project_dict()["ladder"])
    settings = {"seeds": [0, 1, 2], "demo_data": False, "readings": {}, "ladder": ladder}
    with pytest.MonkeyPatch.context() as patch:
        few_resamples(patch)
        patch.setitem(standing.DRAWN, "resamples", 60)
        root.mkdir(parents=True)
        _history(root)
        layout, author = event_project.prepared(root, **settings, **answers())
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "Specification and data", day=11)
        event_project.train(layout, author)
        finished_project.audited(layout)
        _chosen(layout, author)
    return root
