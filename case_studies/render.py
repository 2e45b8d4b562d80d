"""Re-render the template-owned files of every case study: `python case_studies/render.py`.

`--check` changes nothing and exits 1 when a file differs. A case study's own files (copier.yml's
`_skip_if_exists`) and the shared ones, which an update merges, are left alone.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import yaml
from copier import run_copy
from pathspec import PathSpec

ROOT = Path(__file__).resolve().parents[1]
SHARED = ["/pyproject.toml", "/environment.yml", "/mkdocs.yml"]
ANSWERS = ".copier-answers.yml"


def answers(case: Path) -> dict[str, str]:
    """Return the answers a case study was generated with, copier's own entries aside."""
    stored = yaml.safe_load((case / ANSWERS).read_text(encoding="utf-8"))
    return {key: value for key, value in stored.items() if not key.startswith("_")}


def render(case: Path, into: Path) -> list[Path]:
    """Render the template with a case's answers; return the template-owned relative paths."""
    with tempfile.TemporaryDirectory() as source:  # without .git: the working tree, as it is
        shutil.copy(ROOT / "copier.yml", source)
        shutil.copytree(ROOT / "template", Path(source, "template"))
        run_copy(source, into, data=answers(case), defaults=True, quiet=True)
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    theirs = PathSpec.from_lines("gitignore", [*questions["_skip_if_exists"], *SHARED, ANSWERS])
    files = sorted(p.relative_to(into) for p in into.rglob("*") if p.is_file())
    return [path for path in files if not theirs.match_file(path.as_posix())]


def outdated(case: Path, *, mend: bool) -> list[Path]:
    """Return a case's template-owned files that differ from a fresh render; mend on request."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        differing = [
            path
            for path in render(case, fresh)
            if not (case / path).is_file()
            or (case / path).read_bytes() != (fresh / path).read_bytes()
        ]
        for path in differing if mend else []:
            (case / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(fresh / path, case / path)
    return differing


def main() -> int:
    """Mend, or with `--check` only list, outdated files; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="list differences, change nothing")
    check = parser.parse_args().check
    found = False
    for case in sorted(path.parent for path in ROOT.glob(f"case_studies/*/{ANSWERS}")):
        for path in outdated(case, mend=not check):
            found = True
            print(f"{'differs' if check else 'rendered'}: {case.name}/{path.as_posix()}")
    return int(check and found)


if __name__ == "__main__":
    sys.exit(main())
