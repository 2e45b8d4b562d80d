"""What is known of an event as it happens: features over windows, and the history of its customer.

Both reach back before any training window, use a label only from the time it is known, and are
derived once for all runs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from proofolio.project import Project
from proofolio_torch.events import windows
from proofolio_torch.events.sequences import Histories


def features(
    table: pd.DataFrame, *, days: Sequence[int], delay: int, positive: str
) -> tuple[list[str], np.ndarray]:
    """Return the names and values, float64 (n, k), of what is known of each event as it happens.

    Its amount, weekend, night; count and mean amount of its unit over the last `days`; count of its
    second entity's events, and the share of positives among them, as known `delay` days later.
    """
    names, values = windows.features(table, shape(days, delay=delay, positive=positive))
    return ["amount", *names], np.column_stack([table["amount"], values])


def shape(days: Sequence[int], *, delay: int, positive: str) -> windows.Windows:
    """Return the windows of the features, for all events at once or for one at a time."""
    lengths = tuple(d * windows.DAY for d in days)
    return windows.Windows(lengths, lengths, delay=delay * windows.DAY, positive=positive)


class Stream:
    """All events in the order of time, with what is derived from them, made once and kept."""

    def __init__(self, project: Project, table: pd.DataFrame) -> None:
        self.table, self._index, self._made = table, pd.Index(table["id"]), {}
        spec = project.primary_split
        self.known = {"delay": spec.delay_days, "positive": project.positive_class}

    def rows(self, ids: Sequence[str]) -> np.ndarray:
        """Return the place of each id in the table, int64."""
        return self._index.get_indexer(ids)

    def features(self, days: Sequence[int]) -> tuple[list[str], np.ndarray]:
        """Return names and values of the features of every event."""
        return self._kept(days, lambda: features(self.table, days=days, **self.known))

    def histories(self, k: int, days: Sequence[int]) -> Histories:
        """Return the last `k` events of every event's unit; `days` empty: without features."""

        def make() -> Histories:
            own = self.features(days)[1] if days else None
            return Histories(self.table, k, own=own)

        return self._kept([k, days], make)

    def _kept(self, what: Sequence, make: Any) -> Any:
        if str(what) not in self._made:
            self._made[str(what)] = make()
        return self._made[str(what)]
