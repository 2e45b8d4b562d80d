"""Time this repository against named peers: `python bench/run.py [--large]` (or `make bench`).

Runs every benchmark in a process of its own, then writes the page docs/reference/benchmarks.md.
Each row compares two ways of doing one thing in one process, alternating, and reports the median of
the ratios. Results go to bench/results/NAME.json and NAME.csv with hardware, versions and the
command. `--large` adds sizes that take minutes; `--only NAME` runs one benchmark.
"""

import argparse
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from proofolio import files
from proofolio.evidence.provenance import processor

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PACKAGES = ("numpy", "pandas", "scikit-learn", "torch", "torchvision", "timm", "proofolio")
ROUNDS = 3
# The benchmarks that know `--large`; the others have one size.
BENCHMARKS = {
    "spine": True, "events": True, "sequences": False, "finetune": True, "door": False,
    "serving": False, "serving_images": False, "grading": False,
}  # fmt: skip
_load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # before any work of ours


def seconds(work: Callable[[], object]) -> float:
    """Return the wall time of one call in seconds."""
    return timed(work)[0]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and processor time of one call in seconds, its child processes included."""
    used, start = os.times(), time.perf_counter()
    work()
    wall, end = time.perf_counter() - start, os.times()
    return wall, sum(end[:4]) - sum(used[:4])


def compare(
    name: str,
    ours: Callable,
    peer: Callable,
    peer_name: str,
    share: float = 1.0,
    *,
    rounds: int = ROUNDS,
    **more: object,
) -> dict:
    """Return medians of alternating timings; `share` is the part of the work the peer was given.

    `more` goes into the row: `size` (a growing benchmark's), `aim` (the ratio wanted).
    """
    pairs = [(timed(ours), timed(peer)) for _ in range(rounds)]
    wall = [(a[0], b[0] / share) for a, b in pairs]
    cpu = [(max(a[1], 1e-2), max(b[1], 1e-2) / share) for a, b in pairs]  # a tick is 10 ms
    return {
        "name": name,
        "peer": peer_name,
        "seconds": round(statistics.median(a for a, _ in wall), 3),
        "peer_seconds": round(statistics.median(b for _, b in wall), 3),
        "ratio": ratio(wall),
        "cpu_ratio": ratio(cpu),
        "peer_share_timed": round(share, 4),
        **more,
    }


def ratio(pairs: list[tuple[float, float]]) -> float:
    """Return the median of peer over ours, to three digits."""
    return float(f"{statistics.median(b / a for a, b in pairs):.3g}")


def write(name: str, rows: list[dict], how: str) -> None:
    """Write the rows with hardware and versions to JSON and CSV, and print them."""
    report = {
        "rows": rows,
        "rounds": ROUNDS,
        "how": how,
        "hardware": {
            "machine": platform.machine(),
            "processor": processor(),
            "cores": os.cpu_count(),
            "load_before": None if _load is None else round(_load, 1),
        },
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES}
        | {"python": platform.python_version()},
    }
    files.write_json(RESULTS / f"{name}.json", report)
    files.write_text(RESULTS / f"{name}.csv", pd.DataFrame(rows).to_csv(index=False))
    print(pd.DataFrame(rows).to_string(index=False))


def main() -> None:
    """Run every benchmark, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="also the sizes that take minutes")
    parser.add_argument("--only", choices=list(BENCHMARKS), help="run one benchmark")
    asked = parser.parse_args()
    for name, grows in BENCHMARKS.items():
        if asked.only in (None, name):
            large = ["--large"] if asked.large and grows else []
            subprocess.run([sys.executable, str(HERE / f"{name}.py"), *large], check=True)
    subprocess.run([sys.executable, str(HERE / "page.py")], check=True)


if __name__ == "__main__":
    main()
