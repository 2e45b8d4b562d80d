"""Nearest training pictures: against plain cosine, never of the own cluster; labels if open."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics.pairwise import cosine_similarity

from proofolio.contract import TableError
from proofolio_torch import neighbours, sheets

DRAWN = {"level": 0.95, "resamples": 100, "seed": 0}


def known(name, n, seed, *, labels=True, clusters=None):
    rng = np.random.default_rng(seed)
    ids = np.array([f"{name}{k}" for k in range(n)])
    own = ids if clusters is None else np.asarray(clusters)
    classes = rng.choice(["ant", "bee"], n)
    return neighbours.Known(ids, ids, own, rng.normal(size=(n, 6)), classes if labels else None)


def test_nearest_is_that_of_plain_cosine():
    part, train = known("v", 700, 1), known("t", 50, 2)
    near, similarity = neighbours.nearest(part, train)
    told = cosine_similarity(part.x, train.x)
    assert (near == told.argmax(axis=1)).all()
    assert similarity == pytest.approx(told.max(axis=1))


def test_a_picture_is_never_its_own_neighbour_nor_is_its_cluster():
    train = known("t", 60, 2, clusters=[f"c{k // 3}" for k in range(60)])
    near, similarity = neighbours.nearest(train, train)
    assert (train.clusters[near] != train.clusters).all() and similarity.max() < 1


def test_features_without_direction_and_a_lonely_picture_are_refused():
    part, train = known("v", 3, 1), known("t", 3, 2)
    part.x[1] = 0
    with pytest.raises(TableError, match="no direction"):
        neighbours.nearest(part, train)
    alone = known("t", 3, 2, clusters=["c"] * 3)
    with pytest.raises(TableError, match="nothing to be compared"):
        neighbours.nearest(alone, alone)


def test_spread_says_nothing_about_sealed_labels():
    val, test, train = known("v", 40, 1), known("s", 30, 3, labels=False), known("t", 80, 2)
    rows = neighbours.spread({"val": val, "test": test}, train, **DRAWN)
    by_part = {row["part"]: row for row in rows}
    assert [*by_part] == ["val", "test", neighbours.TRAIN]
    assert by_part["test"]["same_class"] is None and "same_class_ci_low" not in by_part["test"]
    near, similarity = neighbours.nearest(val, train)
    told = by_part["val"]
    assert told["similarity"] == pytest.approx(similarity.mean())
    assert told["similarity_ci_low"] < told["similarity"] < told["similarity_ci_high"]
    assert told["same_class"] == pytest.approx((val.labels == train.labels[near]).mean())
    assert told["median"] == pytest.approx(np.median(similarity)) and told["n"] == 40


def test_the_surest_come_first_and_sealed_labels_give_no_column():
    part, train = known("v", 12, 1), known("t", 50, 2)
    sure = np.linspace(0.2, 0.9, 12)
    sure[3] = sure[7] = 0.95
    rows = neighbours.surest(part, train, np.full(12, "bee"), sure, 4)
    assert [row["id"] for row in rows] == ["v3", "v7", "v11", "v10"]
    near, similarity = neighbours.nearest(part, train)
    assert rows[0]["neighbour"] == train.ids[near[3]]
    assert rows[0]["nearer"] == pytest.approx((similarity > similarity[3]).mean())
    same = part.labels[3] == train.labels[near[3]]
    assert rows[0]["same_class"] == ("yes" if same else "no")
    sealed = known("v", 12, 1, labels=False)
    assert "same_class" not in neighbours.surest(sealed, train, np.full(12, "bee"), sure, 1)[0]


def test_agreement_is_spearmans():
    rng = np.random.default_rng(0)
    near = rng.normal(size=200)
    sure = near + rng.normal(size=200)
    clusters = np.arange(200).astype(str)
    told = neighbours.agreement(near, sure, clusters, **DRAWN)
    assert told["value"] == pytest.approx(spearmanr(near, sure).statistic)
    assert told["ci_low"] < told["value"] < told["ci_high"]


def test_pictures_stand_in_lines_and_old_sheets_go(tmp_path):
    picture = np.zeros((8, 8, 3), np.uint8)
    (tmp_path / "old.webp").write_bytes(b"")
    figure = sheets.line_up([[(picture, "one"), None], [(picture, "two"), (picture, "three")]])
    assert sum(bool(axis.images) for axis in figure.axes) == 3
    assert sheets.save([("pairs.webp", "Pairs.", figure)], tmp_path) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["captions.json", "pairs.webp"]
