"""Tables of events for the tests, and a slow reference that reads like the definition."""

import numpy as np
import pandas as pd

from proofolio_torch.events.windows import DAY, Windows


def table(
    n: int = 400, *, seed: int = 0, days: float = 60, units: int = 6, late: bool = False
) -> pd.DataFrame:
    """Return n random events with ties; with `late`, labels known at any time, or never."""
    rng = np.random.default_rng(seed)
    second = np.sort(rng.integers(0, int(days * DAY), n))
    second[1::7] = second[::7][: len(second[1::7])]
    frame = pd.DataFrame(
        {
            "id": [f"t{i:05d}" for i in range(n)],
            "unit": [f"c{i}" for i in rng.integers(0, units, n)],
            "unit2": [f"m{i}" for i in rng.integers(0, units, n)],
            "time": np.datetime64("2018-03-30", "s") + np.sort(second),
            "amount": np.round(rng.gamma(1, 50, n), 2),
            "label": rng.choice(["genuine", "fraud"], n, p=[0.8, 0.2]),
        }
    )
    if late:
        known = frame["time"] + pd.to_timedelta(rng.integers(0, 30 * DAY, n), unit="s")
        frame["known_at"] = known.where(rng.random(n) > 0.1).astype("datetime64[s]")
        frame.loc[rng.random(n) < 0.05, "label"] = None
    return frame


def slow(events: pd.DataFrame, windows: Windows) -> np.ndarray:
    """Return the features by looking at every earlier row for every row."""
    lag, rows = max(windows.delay, 1), []
    column = {name: events[name].tolist() for name in events}
    time = [int(t.timestamp()) for t in column["time"]]
    positive = [label == windows.positive for label in column["label"]]
    told = column.get("known_at", column["time"])  # without known_at, the lag is the delay
    known = [
        float("inf") if pd.isna(t) or pd.isna(label) else t.timestamp()
        for t, label in zip(told, column["label"], strict=True)
    ]
    for i, now in enumerate(time):
        moment, row = column["time"][i], []
        if windows.flags:
            start, end = windows.night
            night = start <= moment.hour < end if start <= end else not end <= moment.hour < start
            row += [moment.weekday() >= 5, night]
        own = [j for j in range(i + 1) if column["unit"][j] == column["unit"][i]]
        for w in windows.entity:
            amounts = [column["amount"][j] for j in own if now - w < time[j] <= now]
            row += [len(amounts), sum(amounts) / len(amounts)]
        other = [j for j in range(i) if column["unit2"][j] == column["unit2"][i]]
        for w in windows.second:
            inside = [j for j in other if now - lag - w < time[j] <= now - lag]
            seen = [positive[j] for j in inside if known[j] <= now]
            row += [len(inside), sum(seen) / len(seen) if seen else 0.0]
        rows.append(row)
    return np.array(rows, dtype=float)
