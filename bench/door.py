"""Time the front door: `python bench/door.py` (or `make bench`).

From `copier copy` with the default answers to the first audited metric and card of the built-in
demo, each stage timed, for projects of images and of events. Nothing is installed meanwhile: the
project is imported from its folder. There is no peer: no other template reaches an audited metric
without a network. Results go to bench/results/door.json and door.csv with hardware and versions.
"""

import os
import re
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path

from run import seconds, write

ROOT = Path(__file__).parents[1]
STAGE = re.compile(r"^\[(\w+): ([\d.]+) s\]$", re.MULTILINE)
LAST = "cards"  # the stage that writes the first card; what follows is reported apart


def copied(folder: Path, kind: str) -> None:
    """Generate a project with the default answers."""
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults"]
    command += ["--vcs-ref", "HEAD", "--data", f"kind={kind}", str(ROOT), str(folder)]
    subprocess.run(command, check=True)


def stages(folder: Path) -> list[tuple[str, float]]:
    """Run every step of the project in one process; return names and seconds as it prints them."""
    path = os.pathsep.join([str(folder / "src"), str(ROOT / "src")])
    (package,) = (p.parent.name for p in (folder / "src").glob("*/__main__.py"))
    done = subprocess.run(
        [sys.executable, "-m", package, "all"], cwd=folder, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": path, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return [(name, float(took)) for name, took in STAGE.findall(done.stdout)]


def door(kind: str) -> list[dict]:
    """One row in all, then one row per stage."""
    with tempfile.TemporaryDirectory() as name:
        folder, took = Path(name) / "project", []
        copying = seconds(lambda: copied(folder, kind))
        whole = seconds(lambda: took.extend(stages(folder)))
    names = [stage for stage, _ in took]
    until = names.index(LAST) + 1
    starting = whole - sum(spent for _, spent in took)
    spent = [("copier copy", copying), ("start-up", starting), *took]
    first = copying + starting + sum(s for _, s in took[:until])
    rows = [{"name": f"{kind}: first audited metric and card", "seconds": round(first, 1)}]
    return rows + [{"name": f"{kind}: {stage}", "seconds": round(s, 2)} for stage, s in spent]


def main(kinds=("image", "events")) -> None:
    """Run every benchmark and write the results."""
    rows = chain.from_iterable(map(door, kinds))
    write("door", rows, "python bench/door.py")


if __name__ == "__main__":
    main()
