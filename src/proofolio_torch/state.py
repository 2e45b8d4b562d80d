"""What a killed training needs to go on: the position, and accelerate's complete state.

`state.json` names the folder that counts and is replaced in one step, after the folder is whole: a
kill at any moment leaves the old state or the new one. accelerate stores the model as safetensors
and the optimizer and generators with `torch.save`; it reads them with `weights_only=True`, which
runs no code. Objects registered for checkpointing would be read without it, so none is registered:
our own numbers are JSON.
"""

import shutil
import signal
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from proofolio import files
from proofolio.contract import StaleError

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass
class Progress:
    """Where a training stands. `steps` counts optimizer steps over all epochs."""

    epoch: int = 0
    step: int = 0  # optimizer steps done in this epoch
    steps: int = 0
    loss_sum: float = 0.0  # over the examples of this epoch so far, and their number
    examples: int = 0
    best_value: float | None = None
    best_epoch: int | None = None
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    finished: bool = False


class Store:
    """The folder `state` and the file `state.json` of one training."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = Path(folder) / "state"
        self.pointer = Path(folder) / "state.json"
        self.fingerprint = fingerprint
        self.serial = 0

    def save(self, accelerator: "Accelerator", progress: Progress) -> None:
        """Write everything; called by all processes together, between two optimizer steps."""
        self.serial += 1
        target = self.folder / f"{self.serial:06d}"
        accelerator.wait_for_everyone()
        if not progress.finished:
            accelerator.save_state(str(target), safe_serialization=True)
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            record = {"fingerprint": self.fingerprint, "serial": self.serial}
            files.write_json(self.pointer, record | {"progress": asdict(progress)})
            for old in sorted(self.folder.glob("*")):
                if old != target:
                    shutil.rmtree(old, ignore_errors=True)
        accelerator.wait_for_everyone()

    def read(self) -> Progress | None:
        """Return the stored position, or None where nothing was stored.

        Raises StaleError where the state belongs to another training.
        """
        if not self.pointer.is_file():
            return None
        record = files.read_json(self.pointer)
        if record["fingerprint"] != self.fingerprint:
            raise StaleError(
                f"{self.pointer.name} belongs to another training",
                expected=self.fingerprint[:12],
                received=record["fingerprint"][:12],
                remedy=f"remove {self.pointer.parent.name}/state.json and state/ to start anew: "
                "plan, seed, examples or labels have changed",
            )
        self.serial = record["serial"]
        progress = Progress(**record["progress"])
        progress.history = [_ordered(row) for row in progress.history]
        return progress

    def load(self, accelerator: "Accelerator") -> None:
        """Put model, optimizer and schedule back to the stored position."""
        accelerator.load_state(
            str(self.folder / f"{self.serial:06d}"), load_kwargs={"weights_only": True}
        )
        # states are saved between optimizer steps; with another micro-batch the count of
        # micro-batches would be meaningless
        accelerator.step = 0


def _ordered(row: dict[str, float]) -> dict[str, float]:
    """Put a row's columns back in the order of the record: canonical JSON sorts them by name."""
    place = {"epoch": 0, "train_loss": 1, "val_loss": 2, "lr": 4, "seconds": 5}
    return {k: row[k] for k in sorted(row, key=lambda k: place.get(k, 3))}


class Interrupts:
    """Turns Ctrl-C and a termination signal into a wish that is met between two steps.

    A second Ctrl-C stops at once.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self._old: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._old[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        if self.asked is not None:
            raise KeyboardInterrupt
        self.asked = number
        print("\nsaving after this step; once more to stop at once", flush=True)

    def obey(self) -> None:
        """Raise what the signal stands for, once the state is safe."""
        if self.asked == signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        raise KeyboardInterrupt
