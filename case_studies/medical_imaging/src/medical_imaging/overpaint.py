"""Does the network read what is printed in a picture? Paint it over and score again.

    python -m medical_imaging overpaint

An exploratory experiment, made after the test set was opened: most of the surest false alarms
carry print (annotations/README.md). Pictures without print get the same paint: what moves them is
the paint, not the print. The outcome is measured, not recomputed: it needs pictures and weights.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from proofolio import decisions, evidence, metrics, table
from proofolio.contract import Layout, Result

from medical_imaging import sheets

if TYPE_CHECKING:
    from proofolio_torch.sheets import View

PRINTED = "tube voltage"  # the value of slice_print
VOLTAGE = ((0.91, 1.0, 0.87, 1.0),)  # top, bottom, left, right, as shares of the picture
CORNERS = (*VOLTAGE, (0.0, 0.08, 0.82, 1.0), (0.0, 0.25, 0.0, 0.15))  # clock time, letter R
AREAS = {"voltage": VOLTAGE, "voltage, time and R": CORNERS}
DRAWN = {"resamples": 2000, "level": 0.95, "seed": 0}


def record(root: Path, name: str, how: str, run_id: str = "") -> Result:
    """Measure what paint over the print does to scores on test; write results/<name>.json.

    Rows: case (names the row), group, painted, n, n_units, `change` of the log-odds (median, after
    less before, with its interval over clusters), the share decided positive before and after.
    """
    seen = sheets.view(root, run_id, "test")
    slices = table.read_examples(Layout(root)).set_index("id")["slice_print"]
    print_or_not = seen.rows["id"].map(slices).map(lambda s: "print" if s == PRINTED else "none")
    rows = seen.rows.assign(group=seen.rows["label"] + ", " + print_or_not)
    pictures = seen.pictures(rows["id"].tolist())
    rows["before"], found = log_odds(seen, pictures), []
    for area, boxes in AREAS.items():
        rows["after"] = log_odds(seen, painted(pictures, boxes))
        found += [_row(seen, group, area, some) for group, some in rows.groupby("group")]
    result = Result(
        kind="perturbation",
        table=found,
        n=len(rows),
        n_units=rows["unit"].nunique(),
        method="median change of the log-odds under a blurred patch, cluster bootstrap",
        inputs={"runs": [seen.run.id], "part": "test"},
        parameters=DRAWN | {"columns": ["case", "group", "painted", "n", "n_units", "change"]},
        how=how,
        hardware=evidence.environment(root)["cpu"],
    )
    evidence.results.write(seen.layout, name, result)
    return result


def painted(pictures: np.ndarray, boxes: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """Return uint8 pictures (n, h, w, c) with each box replaced by a strong blur of the picture."""
    from scipy.ndimage import gaussian_filter

    n, height, width, _ = pictures.shape
    changed = pictures.copy()
    for k in range(n):
        blurred = gaussian_filter(pictures[k], sigma=(0.04 * height, 0.04 * width, 0))
        for top, bottom, left, right in boxes:
            box = np.s_[round(top * height) : round(bottom * height),
                        round(left * width) : round(right * width)]  # fmt: skip
            changed[k][box] = blurred[box]
    return changed


def log_odds(seen: "View", pictures: np.ndarray) -> np.ndarray:
    """Return the network's own log-odds of the positive class, float64 (n,), before calibration."""
    import torch

    positive = seen.run.classes.index(seen.run.positive_class)
    with torch.no_grad():
        batches = [
            seen.model(seen.normalise(torch.from_numpy(pictures[start : start + 32])))
            for start in range(0, len(pictures), 32)
        ]
    logits = torch.cat(batches).double().numpy()
    return logits[:, positive] - logits[:, 1 - positive]


def _row(seen: "View", group: str, area: str, rows: pd.DataFrame) -> dict[str, object]:
    change = (rows["after"] - rows["before"]).to_numpy()
    weights = metrics.resample_weights(
        rows["cluster"].to_numpy(), DRAWN["resamples"], DRAWN["seed"]
    )
    draws = [np.median(np.repeat(change, w.astype(int))) for block in weights for w in block]
    low, high = np.quantile(draws, [0.025, 0.975])
    case = "_".join([*group.split(", "), "voltage" if area == "voltage" else "corners"])
    row = {
        "case": case,
        "group": group,
        "painted": area,
        "n": len(rows),
        "n_units": rows["unit"].nunique(),
    }
    row |= {"change": float(np.median(change)), "change_ci_low": low, "change_ci_high": high}
    for when in ("before", "after"):
        p = decisions.calibrate(1 / (1 + np.exp(-rows[when].to_numpy())), seen.run.calibration)
        row[f"flagged_{when}"] = float(np.mean(p >= seen.run.decision.threshold))
    return row
