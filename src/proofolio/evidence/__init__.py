"""Evidence: runs recorded whole, the choice written down before test, the seal, the results."""

from proofolio.evidence import git, results, trials
from proofolio.evidence.changes import check_experiment, diff, step_part
from proofolio.evidence.choice import recorded as selection
from proofolio.evidence.choice import select
from proofolio.evidence.log import entries, verify_chain
from proofolio.evidence.provenance import (
    environment,
    git_state,
    normalised_argv,
    source_sha256,
    utc_now,
)
from proofolio.evidence.recorder import Recorder
from proofolio.evidence.registry import promote, register, rollback
from proofolio.evidence.results import differences, recompute
from proofolio.evidence.seal import accesses, open_test
from proofolio.evidence.store import conclude, configurations, finished, predictions, run, runs
from proofolio.evidence.summary import summarise
from proofolio.evidence.tables import RECOMPUTE
from proofolio.evidence.trials import Pruned

__all__ = [
    "RECOMPUTE",
    "Pruned",
    "Recorder",
    "accesses",
    "check_experiment",
    "conclude",
    "configurations",
    "diff",
    "differences",
    "entries",
    "environment",
    "finished",
    "git",
    "git_state",
    "normalised_argv",
    "open_test",
    "predictions",
    "promote",
    "recompute",
    "register",
    "results",
    "rollback",
    "run",
    "runs",
    "select",
    "selection",
    "source_sha256",
    "step_part",
    "summarise",
    "trials",
    "utc_now",
    "verify_chain",
]
