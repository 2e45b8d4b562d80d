"""Time the grader: `python bench/grading.py` (or `make bench`).

One finished image project (8 runs, 24 results, 270 pictures), then a cohort of 200 variants of it
on two processes, then the same cohort unchanged, from the cache. Start-up (imports) is timed apart.
Results go to bench/results/grading.json and .csv with hardware and versions.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from run import write

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
COHORT, JOBS = 200, 2


def variants(folder: Path, whole: Path) -> list[str]:
    """Return copies of a project, each with another README and every tenth with a fault."""
    places = []
    for number in range(COHORT):
        place = shutil.copytree(whole, folder / f"member_{number:03d}", symlinks=True)
        with open(place / "README.md", "a", encoding="utf-8") as readme:
            readme.write(f"\nMember {number}.\n")
        if number % 10 == 0:
            (place / "LICENSE").unlink()
        places.append(str(place))
    return places


def timed(name: str, work) -> dict:
    """Return a row with the seconds that `work()` takes."""
    started = time.perf_counter()
    work()
    return {"name": name, "seconds": round(time.perf_counter() - started, 3)}


def main() -> None:
    """Run every benchmark and write the results."""
    from rubric import graded

    from proofolio.rubric import grade, workers

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = graded.finish(folder / "whole")
        rows = [timed("start-up: imports", workers._preload)]
        rows.append(timed("one project, first in a process", lambda: grade.examine(whole)))
        rows.append(timed("one project, after start-up", lambda: grade.examine(whole)))
        rows.append(timed("one project, --full", lambda: grade.examine(whole, full=True)))
        cohort, cache = variants(folder / "cohort", whole), folder / "cache"
        asked = workers.Asked(cache=cache)
        work = lambda: workers.many(cohort, asked, jobs=JOBS)  # noqa: E731
        rows.append(timed(f"{COHORT} projects on {JOBS} processes", work))
        rows.append(timed(f"{COHORT} unchanged projects, from the cache", work))
    write("grading", rows, "python bench/grading.py")


if __name__ == "__main__":
    main()
