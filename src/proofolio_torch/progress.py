"""What is seen of a training: a bar on a terminal, a line per epoch elsewhere."""

from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Display:
    """Shows epochs and optimizer steps; silent in every process but the main one."""

    def __init__(self, steps: int, done: int, *, main: bool) -> None:
        self.main = main
        self.console = Console(stderr=True)
        self.bar: Progress | None = None
        if main and self.console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self.bar = Progress(
                *columns, TimeRemainingColumn(), console=self.console, transient=True
            )
            self.task = self.bar.add_task("training", total=steps, completed=done)

    def __enter__(self) -> "Display":
        if self.bar is not None:
            self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def step(self, epoch: int) -> None:
        """Count one optimizer step."""
        if self.bar is not None:
            self.bar.update(self.task, advance=1, description=f"epoch {epoch}")

    def epoch(self, row: dict[str, Any]) -> None:
        """Print one epoch's row."""
        if not self.main:
            return
        text = "  ".join(
            f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()
        )
        if self.bar is not None:
            self.bar.console.print(text)
        else:
            print(text, flush=True)
