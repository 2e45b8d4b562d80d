"""The passing projects that faults are planted in, each laid anew for every fault.

- `small`: the tiny finished project of `graded`, and `no_baseline`, the same without a rung that
  learns nothing
- `events`: the same of kind events
- `medical_imaging`: the case study in a clone of this repository, with its whole history
"""

import shutil
import subprocess
from pathlib import Path

from rubric import graded

ROOT = Path(__file__).parents[2]
CASE = "medical_imaging"
MAKERS = {
    "small": graded.finish,
    "no_baseline": lambda root: graded.finish(root, graded.LADDER[1:]),
    "events": graded.finish_events,
}


def why_not(name: str) -> str:
    """Return why a project cannot be laid here; empty where it can."""
    if name in MAKERS:
        return ""
    done = _git("rev-parse", "--is-shallow-repository")
    whole = done.returncode == 0 and done.stdout.strip() == "false"
    return "" if whole else f"{name} needs a checkout with its whole history"


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


class Projects:
    """Lays projects into a folder; each is made once and copied for every fault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lay(self, name: str) -> Path:
        """Return the root of an untouched copy of a project; the last copy of it is gone."""
        kept, copy = self.folder / "kept" / name, self.folder / "copy" / name
        if not kept.is_dir():
            self._make(name, kept)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(kept, copy, symlinks=True)
        return copy / "case_studies" / CASE if name == CASE else copy

    def _make(self, name: str, kept: Path) -> None:
        if name in MAKERS:
            MAKERS[name](kept)
            return
        borrowed = (ROOT / ".git" / "objects" / "info" / "alternates").exists()
        options = ["--no-checkout", "--single-branch", *(["--no-local"] if borrowed else [])]
        done = _git("clone", "-q", *options, ".", str(kept))
        assert done.returncode == 0, done.stderr
        listed = _git("ls-files", "-z", "copier.yml", f"case_studies/{CASE}").stdout
        for found in filter(None, listed.split("\0")):
            if (ROOT / found).is_file():
                (kept / found).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / found, kept / found)
