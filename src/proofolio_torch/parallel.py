"""Processes and threads: who is the main process, how many cores each may use, one Accelerator."""

import os
from typing import TYPE_CHECKING, Any

import torch

from proofolio.contract import ProjectError

if TYPE_CHECKING:
    from accelerate import Accelerator


def is_main() -> bool:
    """Whether this is the process that may write evidence (always true outside a launcher)."""
    return int(os.environ.get("RANK", "0")) == 0


def world_size() -> int:
    """Number of processes that `accelerate launch` or `torchrun` started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


class Lost(SystemExit):
    """Another process of this training is gone: the run is interrupted, not failed."""


def lost(error: BaseException) -> bool:
    """Whether an error says that another process can no longer be reached.

    gloo, which joins processors, raises a plain RuntimeError; so its words decide.
    """
    if world_size() == 1:
        return False
    said = str(error).casefold()
    return isinstance(error, torch.distributed.DistError) or (
        "gloo" in said or "closed by peer" in said or "reset by peer" in said
    )


def cores() -> int:
    """Cores this process may run on (the affinity mask, so a container's limit counts)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads() -> int:
    """Share the cores between the local processes; return the threads torch uses now.

    A process that takes all cores beside its siblings slows every one of them. `OMP_NUM_THREADS`,
    where somebody set it, wins.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))
    return torch.get_num_threads()


def _refuse_a_launcher_that_started_one() -> None:
    """Refuse what `accelerate launch --num_processes 2` does on a machine without several GPUs.

    accelerate 1.15 then prepares an address for the processes to meet at, starts one of them and
    says nothing.
    """
    waiting = "ACCELERATE_MIXED_PRECISION" in os.environ and "MASTER_PORT" in os.environ
    if waiting and "WORLD_SIZE" not in os.environ:
        raise ProjectError(
            "the launcher was asked for several processes and started one",
            expected="WORLD_SIZE in the environment",
            remedy="accelerate launch --multi_gpu --num_processes 2 ... (on processors too), "
            "or torchrun --nproc_per_node 2 ...",
        )


def accelerator(device: str, log_with: Any = None) -> "Accelerator":
    """Return an Accelerator for "cpu", "cuda" or "mps" whose batch sizes are global ones.

    `split_batches` makes a batch of 32 stay 32 examples on one process and on eight, so the number
    of optimizer steps does not depend on the launcher. Precision is the Runtime's: accelerate keeps
    one setting per Python process, while the rungs of a ladder differ in theirs. `log_with` is a
    tracker, see `tracking`.
    """
    from accelerate import Accelerator
    from accelerate.utils import DataLoaderConfiguration

    _refuse_a_launcher_that_started_one()
    limit_threads()
    return Accelerator(
        cpu=device == "cpu",
        mixed_precision="no",
        log_with=log_with,
        dataloader_config=DataLoaderConfiguration(split_batches=True, non_blocking=True),
    )
