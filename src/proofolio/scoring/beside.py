"""Where each scored id stands among the examples: looked up once for all runs that score them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from proofolio import memo
from proofolio.contract import RunError
from proofolio.scoring.ids import content_sha256, keys_sha256, refuse, refuse_doubles

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("id", "part", "fold")
_MOST = 4  # sets of ids whose places are kept
_known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}


@dataclass(frozen=True)
class Beside:
    """What every run that scores the same ids of a part finds beside its scores, in one order."""

    order: np.ndarray  # (n,) position of each row among the predictions
    keys: "pd.DataFrame"  # id, part, [fold]
    known: "pd.DataFrame"  # the examples' columns
    codes: dict[str, np.ndarray]  # (n,) of clusters, units and days, see `_codes`


def beside(predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str) -> Beside:
    """Return keys and examples of a part's predictions, sorted by fold and id."""
    key = ("beside", keys_sha256(predictions), memo.token(examples), part)
    return memo.once(key, lambda: _looked_up(predictions, examples, part))


def _looked_up(predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str) -> Beside:
    own = np.flatnonzero((predictions["part"] == part).to_numpy())
    if not len(own):
        raise RunError(
            f"no predictions of part {part}",
            expected="a row per id of the part",
            received=f"parts {', '.join(sorted(map(str, predictions['part'].unique())))}",
            remedy="predict this part in the run, or leave it out of scoring",
        )
    sorted_by = ["fold", "id"] if "fold" in predictions else ["id"]
    order, place = _places(predictions[sorted_by].iloc[own], examples["id"], part)
    order = own[order]
    keys = predictions[[c for c in predictions if c in KEYS]].iloc[order].reset_index(drop=True)
    known = (
        examples.drop(columns=[c for c in keys if c in examples]).iloc[place].reset_index(drop=True)
    )
    codes = memo.once(("codes", memo.token(examples)), lambda: _codes(examples))
    return Beside(order, keys, known, {name: all_[place] for name, all_ in codes.items()})


def _codes(examples: "pd.DataFrame") -> dict[str, np.ndarray]:
    """Return (n,) integers in the order of the names, for each of what rows are grouped by."""
    import pandas as pd

    named = [c for c in ("cluster", "unit", "unit2", "day") if c in examples]
    found = {name: pd.factorize(examples[name], sort=True)[0] for name in named}
    return {name: codes for name, codes in found.items() if codes.min(initial=0) >= 0}


def _places(scored: "pd.DataFrame", ids: "pd.Series", part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the order (n,) of scored rows by fold and id, and the place of each id in `ids`.

    All runs of a part score the same ids, so what was found is kept under their content.
    """
    key = content_sha256(scored) + content_sha256(ids.to_frame())
    if key not in _known:
        refuse_doubles(scored, part)
        ordered = scored.reset_index(drop=True).sort_values(list(scored))
        while len(_known) >= _MOST:
            del _known[next(iter(_known))]
        _known[key] = ordered.index.to_numpy(), _found(ordered["id"], ids, part)
    return _known[key]


def _found(scored: "pd.Series", ids: "pd.Series", part: str) -> np.ndarray:
    """Return the place (n,) of each scored id in `ids`.

    One look-up of the ids finds both the examples and the ids that have none; a merge and a test
    of membership after it would each read all examples again.
    """
    import pandas as pd

    twice = ids.duplicated()
    if twice.any():
        refuse(
            "ids of the examples stand twice",
            ids[twice],
            expected="one row per id in evidence/examples.parquet",
            remedy="run the prepare step again",
        )
    place = pd.Index(ids).get_indexer(scored)
    if (place < 0).any():
        refuse(
            f"predicted ids of part {part} are not among the examples",
            scored[place < 0],
            expected="ids of evidence/examples.parquet",
            remedy="predict the rows of the prepared table; prepare again if the table changed",
        )
    return place
