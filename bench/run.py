"""Time this repository against named peers: `python bench/run.py [--large]` (or `make bench`).

Runs every benchmark in a process of its own, then writes the page docs/reference/benchmarks.md.
Each row compares two ways of doing one thing in one process, alternating, and reports the median of
the ratios. Results go to bench/results/NAME.json and NAME.csv with hardware, versions and the
command. `--large` adds sizes that take minutes; `--only NAME` runs one benchmark. A benchmark that
fails or is interrupted stops no other.
"""

import argparse
import importlib.metadata
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from proofolio import files
from proofolio.evidence.provenance import processor

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PACKAGES = ("numpy", "pandas", "scikit-learn", "torch", "torchvision", "timm", "proofolio")
ROUNDS, LONG = 3, 30.0  # rounds; seconds of a peer after which there is no other
TICK = 1e-2  # seconds: processor time is counted in these
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


def race(
    works: dict[str, Callable],
    peers: dict[str, tuple[Callable, float]],
    *,
    rounds: int | None = None,
    **more: object,
) -> list[dict]:
    """Return a row for each of our works beside each peer, timed in turn, once each a round.

    `peers` gives by name what is called and which share of the work that is. A round in which a
    peer takes over half a minute is the last; a row's `rounds` says how many there were. `more`
    goes into each row: `size` (a growing benchmark's), `aim` (the ratio wanted).
    """
    times: list[dict[str, tuple[float, float]]] = []
    asked = [*works.items(), *((name, peer) for name, (peer, _) in peers.items())]
    while len(times) < (rounds or ROUNDS):
        times.append({name: timed(work) for name, work in asked})
        if max(times[-1][name][0] for name in peers) > LONG:
            break
    rows = []
    for name, (peer, (_, share)) in itertools.product(works, peers.items()):
        wall = [(t[name][0], t[peer][0] / share) for t in times]
        cpu = [(max(t[name][1], TICK), max(t[peer][1], TICK) / share) for t in times]
        rows.append({
            "name": name,
            "peer": peer,
            "seconds": round(statistics.median(a for a, _ in wall), 3),
            "peer_seconds": round(statistics.median(b for _, b in wall), 3),
            "ratio": ratio(wall),
            "cpu_ratio": ratio(cpu),
            "peer_share_timed": round(share, 4),
            "rounds": len(times),
            **more,
        })  # fmt: skip
    return rows


def compare(
    name: str, ours: Callable, peer: Callable, peer_name: str, share: float = 1.0, **more: object
) -> dict:
    """Return the row of one work beside one peer; the rest is as in `race`."""
    return race({name: ours}, {peer_name: (peer, share)}, **more)[0]


def ratio(pairs: list[tuple[float, float]]) -> float:
    """Return the median of peer over ours, to three digits."""
    return float(f"{statistics.median(b / a for a, b in pairs):.3g}")


def write(name: str, rows: Iterable[dict], how: str) -> None:
    """Write rows with hardware and versions to JSON and CSV, each printed as it comes.

    Where a row fails or is interrupted, those before it are kept, marked `unfinished`.
    """
    done, finished = [], False
    try:
        for row in rows:
            done.append(row)
            print(json.dumps(row), flush=True)
        finished = True
    finally:
        if done:
            _save(name, done, how, {} if finished else {"unfinished": True})


def _save(name: str, rows: list[dict], how: str, more: dict[str, object]) -> None:
    report = {
        **more,
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


def main() -> None:
    """Run every benchmark, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="also the sizes that take minutes")
    parser.add_argument("--only", choices=list(BENCHMARKS), help="run one benchmark")
    asked = parser.parse_args()
    names = [name for name in BENCHMARKS if asked.only in (None, name)]
    failed = [name for name in names if run(name, asked.large and BENCHMARKS[name])]
    subprocess.run([sys.executable, str(HERE / "page.py")], check=True)
    if failed:
        sys.exit(f"did not finish: {', '.join(failed)}; what the others found is on the page")


def run(name: str, large: bool) -> int:
    """Run one benchmark; return its exit status, 130 where it was interrupted (Ctrl-C)."""
    started = time.perf_counter()
    try:
        command = [sys.executable, str(HERE / f"{name}.py"), *(["--large"] if large else [])]
        status = subprocess.run(command).returncode
    except KeyboardInterrupt:
        status = 130
    took = time.perf_counter() - started
    print(f"[{name}: {took:.0f} s{'' if status == 0 else f', exit status {status}'}]", flush=True)
    return status


if __name__ == "__main__":
    main()
