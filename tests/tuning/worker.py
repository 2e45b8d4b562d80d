"""A process that tunes a made-up project: python worker.py ROOT [KILLED_AT_TRIAL] (for tests)."""

import os
import signal
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import tuning_support as support  # noqa: E402

from proofolio import project, scoring  # noqa: E402
from proofolio.contract import Layout  # noqa: E402
from proofolio_torch import tuning  # noqa: E402


def main(root: str, killed_at: str = "0") -> None:
    scoring.score.__kwdefaults__["resamples"] = 20
    layout = Layout(root)

    def each(run, epoch):
        time.sleep(0.05)
        if len(trainer.seen) == int(killed_at) and epoch == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    trainer = support.Trainer(layout, each)
    print(tuning.search(layout, project.load(root), trainer, support.COMMAND))
    print("trained", len(trainer.seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
