"""What stands on two sides of a split."""

import numpy as np
import pandas as pd


def crossings(parts: pd.DataFrame, examples: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return what stands on two sides of a split.

    Args:
        parts: id, part [, fold]; rows of part `excluded` do not count.
        examples: id and `column`.
        column: `unit`, `cluster` or `content`.

    Returns:
        One row per offender, sorted: fold (0 without folds), `column`, parts (joined by +).
    """
    where = _rows_of(parts, examples)
    codes, names = pd.factorize(examples[column])
    name = codes[where]
    # `assert_disjoint` refuses ids that are unknown here; what has no name stands nowhere.
    used = (parts["part"] != "excluded").to_numpy() & (where >= 0) & (name >= 0)
    part, part_names = pd.factorize(parts["part"].astype(object), sort=True)
    name, part = name[used], part[used]
    fold = parts["fold"].to_numpy()[used] if "fold" in parts else np.zeros(len(name), np.int64)
    held, folds = fold == -1, np.unique(fold[fold != -1])
    if held.any():  # the hold-out must be apart from every fold
        name = np.concatenate([name[~held], np.tile(name[held], len(folds))])
        part = np.concatenate([part[~held], np.tile(part[held], len(folds))])
        fold = np.concatenate([fold[~held], np.repeat(folds, held.sum())])
    # Whoever is not in the part that was written last stands in two: no text is sorted for it.
    owner = fold * len(names) + name
    last = np.zeros(owner.max(initial=-1) + 1, part.dtype)
    last[owner] = part
    torn = np.zeros(len(last), dtype=bool)
    torn[owner[last[owner] != part]] = True
    rows = torn[owner]
    found = {"fold": fold[rows], column: names[name[rows]], "parts": part_names[part[rows]]}
    found = pd.DataFrame(found).drop_duplicates().sort_values(["fold", column, "parts"])
    return found.groupby(["fold", column], sort=False)["parts"].agg("+".join).reset_index()


def _rows_of(parts: pd.DataFrame, examples: pd.DataFrame) -> np.ndarray:
    """Return the row in `examples` of each row of `parts`, -1 where there is none."""
    if aligned(parts, examples):
        return np.arange(len(parts))
    # Objects, not Arrow strings: hashing them is several times faster.
    known = pd.Index(examples["id"].to_numpy(dtype=object))
    return known.get_indexer(parts["id"].to_numpy(dtype=object))


def aligned(parts: pd.DataFrame, examples: pd.DataFrame) -> bool:
    """Whether both name the same ids in the same order."""
    return len(parts) == len(examples) and parts["id"].array.equals(examples["id"].array)
