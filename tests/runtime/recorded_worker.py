"""A process of a recorded training, for tests: ROOT CACHE TABLE KILLED_AT (0: never).

The second of two processes kills itself after so many optimizer steps.
"""

import os
import signal
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import pandas as pd  # noqa: E402
from evidence import recorded  # noqa: E402
from runtime_support import job  # noqa: E402

from proofolio import project  # noqa: E402
from proofolio.contract import Layout, ModelInfo  # noqa: E402
from proofolio_torch import cache, loop, parallel, record  # noqa: E402


def main(root: str, images: str, table: str, killed_at: str) -> None:
    layout, author = Layout(root), project.load(root)

    def die(steps: int) -> None:
        if not parallel.is_main() and steps == int(killed_at):
            os.kill(os.getpid(), signal.SIGKILL)

    pictures, rows = cache.Cache(Path(images)), pd.read_parquet(table)
    for name, seed in record.pending(layout, author, ["good"], [0]):
        with record.recorder(layout, author, name, seed, recorded.COMMAND) as run:
            score = loop.primary("auroc", author.classes, author.positive_class)
            told = {"on_epoch": run.epoch, "on_step": die, "score": score}
            arguments = job(pictures, rows, run.work, **told)
            fitted = loop.fit(**arguments)
            run.fit("weights", "train")
            stored = recorded.predicted(layout, run, 2.0)
            run.finish(stored, ModelInfo(name="tiny"), fitted.runtime)


if __name__ == "__main__":
    main(*sys.argv[1:])
