"""Grad-CAM points at what was planted; those of random weights do not; misfits are refused."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from proofolio import files
from proofolio.contract import Layout, ProjectError, TableError
from proofolio_torch import data, explain, export

NORMALISE = data.Normalise((0.5,), (0.5,))
SIZE, GRID = 32, 8


def network(pool=True):
    """Two convolutions that shrink 32 pixels to 8, pooling, a head."""
    layers = [nn.Conv2d(1, 8, 5, stride=2, padding=2), nn.BatchNorm2d(8), nn.ReLU()]
    layers += [nn.Conv2d(8, 8, 5, stride=2, padding=2), nn.BatchNorm2d(8), nn.ReLU()]
    if not pool:
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * GRID**2, 2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))


def pictures(n=48):
    """Noise; class 1 has a bright square whose corner (row, column) is returned beside."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 120, (n, SIZE, SIZE, 1), dtype=np.uint8)
    labels, corners = np.arange(n) % 2, rng.integers(0, SIZE - 8, (n, 2))
    for k in np.flatnonzero(labels == 1):
        top, left = corners[k]
        images[k, top : top + 8, left : left + 8] += 130
    return images, labels, corners


@pytest.fixture(scope="module")
def trained():
    images, labels, corners = pictures()
    torch.manual_seed(0)
    model = network()
    rule = torch.optim.Adam(model.parameters(), lr=0.02)
    x, y = NORMALISE(torch.from_numpy(images)), torch.from_numpy(labels)
    for _ in range(40):
        rule.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        rule.step()
    return model.eval(), images, labels, corners


def test_the_map_points_at_the_planted_square(trained):
    model, images, labels, corners = trained
    maps = explain.grad_cam(model, images, np.ones(len(images), int), normalise=NORMALISE)
    assert maps.dtype == np.float32 and maps.shape == (len(images), GRID, GRID)
    assert maps.min() == 0 and maps.max() == 1
    shown = np.flatnonzero(labels == 1)
    strongest = [np.unravel_index(maps[i].argmax(), (GRID, GRID)) for i in shown]
    centres = (corners[shown] + 4) / (SIZE / GRID) - 0.5
    assert (np.abs(np.array(strongest) - centres).max(axis=1) <= 2).all()


def test_a_trained_network_keeps_its_mode_and_weights(trained):
    model, images, _, _ = trained
    before = {k: v.clone() for k, v in model.state_dict().items()}
    explain.grad_cam(model.train(), images[:4], [1] * 4, normalise=NORMALISE)
    assert model.training
    for which in ("head", "all"):
        explain.randomised(model.eval(), which, 1, images, normalise=NORMALISE)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_what_is_random_differs_from_the_trained_and_only_that(trained):
    model, images, _, _ = trained
    state = model.state_dict()
    for which, random in (("none", set()), ("head", {"8"}), ("all", {"0", "1", "3", "4", "8"})):
        other = explain.randomised(model, which, 3, images, normalise=NORMALISE).state_dict()
        changed = {k.split(".")[0] for k in state if not torch.equal(state[k], other[k])}
        assert changed == random, which
    again = explain.randomised(model, "all", 3, images, normalise=NORMALISE).state_dict()
    assert all(torch.equal(again[k], other[k]) for k in other)


def test_maps_of_random_weights_are_unlike_those_of_trained_ones(trained):
    model, images, labels, _ = trained
    shown = images[labels == 1]
    units = [f"u{i // 2}" for i in range(len(shown))]
    found = explain.saliency_check(
        model, shown, np.ones(len(shown), int), units, units, normalise=NORMALISE,
        inputs={"runs": ["r"], "part": "val"}, how="test", hardware="here", draws=8, resamples=200,
    )  # fmt: skip
    rows = {row["randomised"]: row for row in found.table}
    assert found.kind == explain.KIND and (found.n, found.n_units) == (24, 12)
    assert rows["none"]["similarity"] == pytest.approx(1) and rows["none"]["flat"] == 0
    for which in ("head", "all"):
        row = rows[which]
        assert row["similarity"] < 0.4, which
        assert row["similarity_ci_low"] <= row["similarity"] <= row["similarity_ci_high"]
        assert row["draw_low"] < row["similarity"] < row["draw_high"]


def test_a_map_of_edges_alone_survives_randomisation_and_is_caught(trained, monkeypatch):
    _, images, _, _ = trained
    edges = np.abs(np.diff(images[..., 0].astype(float), axis=2))[:, ::4, ::4].astype(np.float32)
    monkeypatch.setattr(explain, "grad_cam", lambda *_, **__: edges)
    names = np.array([f"u{i}" for i in range(len(images))])
    found = explain.saliency_check(
        network(), images, np.ones(len(images), int), names, names, normalise=NORMALISE,
        inputs={}, how="test", hardware="here", draws=2, resamples=50,
    )  # fmt: skip
    assert [row["similarity"] for row in found.table] == pytest.approx([1, 1, 1])


def test_similarity_is_spearmans_and_flat_maps_rank_nothing():
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 6, (2, 5, 4, 4)).astype(np.float32)
    b[3] = 0
    found = explain.similarity(a, b)
    for k in (0, 1, 2, 4):
        expected = spearmanr(a[k].ravel(), b[k].ravel()).statistic
        assert found[k] == pytest.approx(expected)
    assert np.isnan(found[3])
    with pytest.raises(TableError, match="shape"):
        explain.similarity(a, b[:2])


def test_flat_maps_are_counted_and_leave_no_value(trained, monkeypatch):
    _, images, _, _ = trained
    flat = np.zeros((len(images), 4, 4), np.float32)
    monkeypatch.setattr(explain, "grad_cam", lambda *_, **__: flat)
    names = np.array(["u"] * len(images))
    found = explain.saliency_check(
        network(), images, np.ones(len(images), int), names, names, normalise=NORMALISE,
        inputs={}, how="test", hardware="here", draws=2, resamples=50,
    )  # fmt: skip
    assert all(row["similarity"] is None and row["flat"] == 1 for row in found.table)
    assert all(row["n"] == 0 for row in found.table)


def test_unfit_networks_and_targets_are_refused(trained):
    model, images, _, _ = trained
    with pytest.raises(explain.NoMapError, match="pools a feature map"):
        explain.grad_cam(network(pool=False), images[:2], [0, 1], normalise=NORMALISE)
    with pytest.raises(explain.NoMapError, match="one cell"):
        explain.grad_cam(model, images[:2, :4, :4], [0, 1], normalise=NORMALISE)
    with pytest.raises(TableError, match="integer class code"):
        explain.grad_cam(model, images[:3], [0, 1], normalise=NORMALISE)
    with pytest.raises(TableError, match="integer class code"):
        explain.grad_cam(model, images[:2], [0.5, 1.0], normalise=NORMALISE)
    with pytest.raises(ProjectError, match="none, head, all"):
        explain.randomised(model, "body", 0, images, normalise=NORMALISE)
    headless = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(ProjectError, match="linear head"):
        explain.randomised(headless, "head", 0, images, normalise=NORMALISE)


def test_a_timm_network_maps_on_its_last_grid():
    import timm

    torch.manual_seed(0)
    model = timm.create_model("resnet10t", num_classes=3, in_chans=1)
    images = np.random.default_rng(0).integers(0, 255, (2, 96, 96, 1), dtype=np.uint8)
    assert explain.grad_cam(model, images, [0, 2], normalise=NORMALISE).shape == (2, 3, 3)


def test_fitted_weights_are_those_the_run_recorded(tmp_path):
    layout, model = Layout(tmp_path), network()
    sha256 = export.save_float16(model, layout.run_work("r") / export.FITTED)
    run = SimpleNamespace(id="r", model=SimpleNamespace(weights_sha256=sha256))
    assert export.fitted(layout, run) == layout.run_work("r") / export.FITTED
    kept = export.champion(layout, "r")
    assert export.fitted(layout, run) == kept
    files.write_bytes(kept, b"another network's")
    assert export.fitted(layout, run) == layout.run_work("r") / export.FITTED
    (layout.run_work("r") / export.FITTED).unlink()
    assert export.fitted(layout, run) is None
    assert export.fitted(layout, SimpleNamespace(id="r", model=None)) is None
