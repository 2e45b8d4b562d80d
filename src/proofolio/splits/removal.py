"""Which units a split of events stops scoring, and from which day: those known as compromised."""

from typing import Any

import numpy as np
import pandas as pd

_DAY = np.timedelta64(1, "D")


def removed(
    table: pd.DataFrame, positive: np.ndarray, shape: pd.DataFrame, settings: dict[str, Any]
) -> pd.DataFrame:
    """Return fold, unit and known_since (ISO date), sorted: from that day a unit is not scored.

    A day leaves out every unit with a positive event from `removal_days` before the fold's delay
    on whose label is known when the day begins: one that happened at least `delay_days` whole days
    before, or whose `known_at` is not later. It needs no label of the days that are scored.
    """
    found = [pd.DataFrame({"fold": [], "unit": [], "known_since": []})]
    delay = settings["delay_days"] * _DAY
    happened = table["time"].to_numpy()[positive].astype("datetime64[D]")
    known = happened + delay + _DAY  # a day is over before its labels count
    if "known_at" in table:
        at = table["known_at"].to_numpy()[positive]
        known = at.astype("datetime64[D]") + _DAY * (at > at.astype("datetime64[D]"))
    unit = table["unit"].to_numpy(dtype=object)[positive]
    scored = shape[shape["part"] == "score"] if settings["remove_known"] else shape[:0]
    for window in scored.itertuples(index=False):
        begins, ends = np.datetime64(window.start), np.datetime64(window.end)
        counts = happened >= begins - delay - settings["removal_days"] * _DAY
        counts &= known < ends
        since = np.maximum(known[counts], begins)
        first = pd.Series(since).groupby(unit[counts], sort=True).min()
        dates = first.to_numpy().astype("datetime64[D]").astype(str)
        one = {"fold": window.fold, "unit": first.index.to_numpy(), "known_since": dates}
        found.append(pd.DataFrame(one))
    together = pd.concat(found[1:] or found, ignore_index=True)
    return together.astype({"fold": "int64", "unit": "str", "known_since": "str"})


def removed_rows(events: pd.DataFrame, left_out: pd.DataFrame, fold: int) -> np.ndarray:
    """Return which events (n,) belong to a unit that is left out of `fold` by their day."""
    own = left_out[left_out["fold"] == fold]
    since = dict(zip(own["unit"], own["known_since"], strict=True))
    codes, units = pd.factorize(events["unit"])
    limit = np.array([since.get(u, "9999-12-31") for u in units], dtype="datetime64[D]")
    return events["time"].to_numpy() >= limit[codes]
