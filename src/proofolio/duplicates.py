"""Look-alikes: equal files, and copies that were re-encoded, resized or slightly edited.

Scope: pictures that show the same shot. Two shots of one scene, rotations and mirror images are
not looked for. Exact copies share their content hash. Near copies are proposed by the perceptual
hash (cheap, almost linear) and confirmed on decoded thumbnails (few, and hard to deceive).

The limits were chosen on 5,856 chest X-rays and 7,349 pet photographs, 224 and 256 px:

- Copies re-encoded at JPEG quality 30-90, resized by 0.5-1.5, or changed by 10 % in brightness or
  20 % in contrast lie within distance 4 in at least 99.3 % of 300 tries of each kind, with a
  correlation of at least 0.993 (99 % of tries, 32 px) and a mean difference below 20 grey levels.
- X-rays of strangers look alike: 216 pairs lie within distance 4, none of them correlates above
  0.960; at distances up to 10 none above 0.974. Among the photographs all 43 pairs found were
  confirmed by eye, the weakest (0.982) being one picture with a changed watermark; the next below
  (0.952) are two shots of one scene.

A pair is near when the distance is at most 4 and the correlation at least 0.975.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from proofolio import images
from proofolio.contract import TableError

MAX_DISTANCE = 4
MIN_CORRELATION = 0.975
MAX_DIFFERENCE = 25.0  # grey levels: a brighter copy passes, an unlike pair on a flat ground not
MIN_CONTRAST = 2.0  # grey levels: a blank picture proves nothing and would join strangers
WINDOW = 32  # neighbours that a hash is compared with in each order
MAX_PAIRS = 100_000  # more pairs than this are thinned to a forest: evidence stays small
_MERGE = 8_000_000  # found pairs held before equal ones are merged: 64 MB


def find(
    table: pd.DataFrame, root: Path, *, max_distance: int = MAX_DISTANCE, progress: bool = True
) -> pd.DataFrame:
    """Find equal and near pictures of a scanned table.

    Args:
        table: id, path, content, perceptual; the order of rows does not matter.
        root: folder that `path` is relative to.
        max_distance: largest Hamming distance of two perceptual hashes, 0-5.
        progress: show a bar on a terminal, one line elsewhere.

    Returns:
        a, b (ids, a < b), kind (exact, near), distance (of the perceptual hashes); sorted. Each
        further copy of a file is listed once, beside the smallest id that holds it; near pairs
        are between these smallest ids.
    """
    table = table.sort_values("id", ignore_index=True)
    first = table.groupby("content", sort=False)["id"].transform("first")
    copies = table[first != table["id"]]
    exact = pd.DataFrame({"a": first[copies.index], "b": copies["id"], "kind": "exact"})
    single = table[first == table["id"]].reset_index(drop=True)
    hashes = np.array([int(h, 16) for h in single["perceptual"]], dtype=np.uint64)
    a, b, distance = near_pairs(hashes, max_distance)
    same = _confirmed(single["path"], root, a, b, progress)
    a, b, distance = _thinned(a[same], b[same], distance[same], len(single))
    ids = single["id"].to_numpy(dtype=object)
    near = pd.DataFrame({"a": ids[a], "b": ids[b], "kind": "near", "distance": distance})
    found = pd.concat([exact.assign(distance=0), near]).astype({"distance": np.int64})
    text = {column: "str" for column in ("a", "b", "kind")}
    return found.astype(text).sort_values(["a", "b"], ignore_index=True)


def near_pairs(
    hashes: np.ndarray, max_distance: int = MAX_DISTANCE
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find pairs of 64-bit hashes within a Hamming distance, at almost linear cost.

    Multi-index hashing (Norouzi, Punjani, Fleet, CVPR 2012): of three blocks of bits at least one
    differs in at most one bit when two hashes differ in at most five. So hashes are sorted by each
    block, once whole and once without each of its bits, and compared where they agree, with the
    next WINDOW neighbours: at most 67 sorts and 67 x WINDOW comparisons per hash, whatever the
    data. Every pair is found unless more than WINDOW + 1 hashes agree in one such key; a crowd of
    that kind (say 20,000 equal hashes) yields a chain with WINDOW links per hash, which is enough
    to join it.

    Args:
        hashes: uint64 of shape (n,).
        max_distance: 0-5.

    Returns:
        i, j (int64, i < j, sorted) and their distance (int64), each of shape (number of pairs,).
    """
    hashes = np.ascontiguousarray(hashes, dtype=np.uint64)
    codes, _ = _search(hashes, max_distance)
    i, j = np.divmod(codes, max(len(hashes), 1))
    return i, j, np.bitwise_count(hashes[i] ^ hashes[j]).astype(np.int64)


def clusters(table: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    """Join units that share duplicates: connected components of units under the pairs.

    Args:
        table: id, unit.
        pairs: a, b as `find` returns them.

    Returns:
        For each row of `table` (same index) its cluster, named after its smallest unit.

    Raises:
        TableError: a pair names an id that the table does not hold.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    unit, names = pd.factorize(table["unit"], sort=True)
    known = pd.Index(table["id"].to_numpy(dtype=object))
    a, b = (known.get_indexer(pairs[side].to_numpy(dtype=object)) for side in ("a", "b"))
    if len(lost := pairs[(a < 0) | (b < 0)]):
        raise TableError(
            f"{len(lost):,} duplicate pair(s) name an id that is not in the table",
            received=", ".join((lost["a"] + " = " + lost["b"]).head(5)),
            remedy="prepare the table again",
        )
    links = coo_matrix((np.ones(len(a)), (unit[a], unit[b])), shape=(len(names), len(names)))
    count, component = connected_components(links, directed=False)
    smallest = np.full(count, len(names))
    np.minimum.at(smallest, component, np.arange(len(names)))
    return pd.Series(np.asarray(names)[smallest[component]][unit], table.index, "str", "cluster")


def _views(max_distance: int) -> Iterator[tuple[np.uint64, np.uint64, np.uint64]]:
    """Yield (bits that must agree, their block, the difference expected in the block)."""
    if not 0 <= max_distance <= 5:
        raise ValueError(f"max_distance must be 0-5, received {max_distance}")
    count = max_distance + 1 if max_distance < 3 else 3
    for k in range(count):
        # Every count-th bit: neighbouring bits of a pHash are alike in use, so blocks are too.
        bits = [1 << b for b in range(k, 64, count)]
        block = sum(bits)
        yield np.uint64(block), np.uint64(block), np.uint64(0)
        for bit in bits if max_distance >= count else ():
            yield np.uint64(block - bit), np.uint64(block), np.uint64(bit)


def _search(hashes: np.ndarray, max_distance: int) -> tuple[np.ndarray, int]:
    """Return the found pairs as sorted codes i * n + j, and how many pairs were compared."""
    order = np.argsort(hashes, kind="stable")
    merged, fresh, held, compared = np.empty(0, dtype=np.int64), [], 0, 0
    for view in _views(max_distance):
        codes, steps = _agreeing(hashes, order, view, max_distance)
        compared, held = compared + steps, held + len(codes)
        fresh.append(codes)
        if held > _MERGE:
            merged, fresh, held = _distinct([merged, *fresh]), [], 0
    return _distinct([merged, *fresh]), compared


def _distinct(codes: list[np.ndarray]) -> np.ndarray:
    """Return sorted distinct codes by sorting: `np.unique` hashes, ten times slower here."""
    found = np.sort(np.concatenate(codes))
    return found[np.diff(found, prepend=-1) > 0]


def _agreeing(
    hashes: np.ndarray, order: np.ndarray, view: tuple, max_distance: int
) -> tuple[np.ndarray, int]:
    """Compare neighbours that agree in one key; rows of a key stand in the order of `order`."""
    mask, block, flipped = view
    order = order[np.argsort(hashes[order] & mask, kind="stable")]
    value = hashes[order]
    key = value & mask
    n, start, found, compared = len(hashes), np.arange(len(hashes)), [], 0
    for step in range(1, WINDOW + 1):
        start = start[: np.searchsorted(start, n - step)]
        start = start[key[start] == key[start + step]]
        if not len(start):
            break
        compared += len(start)
        differing = value[start] ^ value[start + step]
        # A pair that agrees in the whole block is found by the whole key: not once per bit.
        near = ((differing & block) == flipped) & (np.bitwise_count(differing) <= max_distance)
        a, b = order[start[near]], order[start[near] + step]
        found.append(np.minimum(a, b) * n + np.maximum(a, b))
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64), compared


def _confirmed(
    paths: pd.Series, root: Path, a: np.ndarray, b: np.ndarray, progress: bool
) -> np.ndarray:
    """Return which proposed pairs show the same picture, shape (pairs,)."""
    used, position = np.unique(np.concatenate([a, b]), return_inverse=True)
    small = images.thumbnails(root, paths.iloc[used].tolist(), progress=progress)
    first, second = position[: len(a)], position[len(a) :]
    chunks = [slice(k, k + 20_000) for k in range(0, len(a), 20_000)]  # 80 MB each side
    same = [_same_picture(small[first[c]], small[second[c]]) for c in chunks]
    return np.concatenate(same) if same else np.zeros(0, dtype=bool)


def _same_picture(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compare thumbnails, uint8 (pairs, side, side), by correlation and mean difference."""
    x, y = (t.reshape(len(t), -1).astype(np.float32) for t in (first, second))
    difference = np.abs(x - y).mean(axis=1)
    x -= x.mean(axis=1, keepdims=True)
    y -= y.mean(axis=1, keepdims=True)
    deviation = np.sqrt((x**2).mean(axis=1)), np.sqrt((y**2).mean(axis=1))
    product = np.maximum(deviation[0] * deviation[1], 1e-6)
    correlation = (x * y).mean(axis=1) / product
    told = np.minimum(*deviation) >= MIN_CONTRAST
    return told & (correlation >= MIN_CORRELATION) & (difference <= MAX_DIFFERENCE)


def _thinned(
    a: np.ndarray, b: np.ndarray, distance: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keep every pair, or, past MAX_PAIRS, a minimum spanning forest that joins the same rows."""
    if len(a) <= MAX_PAIRS:
        return a, b, distance
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree

    # One is added because a stored zero would read as "no link".
    forest = minimum_spanning_tree(csr_matrix((distance + 1, (a, b)), shape=(n, n))).tocoo()
    return forest.row.astype(np.int64), forest.col.astype(np.int64), forest.data.astype(int) - 1
