"""A process that records a run and kills itself: python killed.py ROOT POINT (for the tests)."""

import os
import signal
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import recorded  # noqa: E402

from proofolio import evidence, project  # noqa: E402
from proofolio.contract import Layout, ModelInfo  # noqa: E402


def die(*_) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_replacing(name: str, times: int = 1) -> None:
    """Die where a temporary file was written and is about to replace `name` for the n-th time."""
    replace, seen = os.replace, []

    def watched(source, target):
        if Path(target).name == name:
            seen.append(target)
            if len(seen) == times:
                die()
        replace(source, target)

    os.replace = watched


def main(root: str, point: str) -> None:
    layout, author = Layout(root), project.load(root)
    if "/" in point:
        name, times = point.split("/")
        die_before_replacing(name, int(times))
    with evidence.Recorder(layout, author, "good", 0, recorded.COMMAND) as recorder:
        recorder.fit("weights", "train")
        for epoch in (1, 2):
            recorder.epoch({"epoch": epoch, "train_loss": 1 / epoch, "seconds": 0.1})
            if point == f"epoch {epoch}":
                die()
        stored = recorded.predicted(layout, recorder, 2.0)
        recorder.finish(stored, ModelInfo(name="good"), {})
    print("finished")


if __name__ == "__main__":
    main(*sys.argv[1:])
