"""Networks over sequences: padding has no say, the future has none, gradients reach everything."""

from functools import partial

import numpy as np
import pytest
import torch
from events_support import K, job, own, table

from proofolio.contract import ProjectError
from proofolio_torch import device, loop
from proofolio_torch.device import Runtime
from proofolio_torch.events import networks
from proofolio_torch.events.sequences import Batch, Histories, Scale, Sequences

MODELS = {
    "gru": partial(networks.GRU, hidden=6, head=32),
    "gru of two layers": partial(networks.GRU, hidden=6, head=32, layers=2),
    "transformer": partial(networks.Transformer, k=K, hidden=8, heads=2, head=32),
}


@pytest.fixture
def batch():
    events = table()
    histories = Histories(events, K, own=own(events))
    found = Batch(*map(torch.from_numpy, histories.batch(np.arange(60))))
    assert 0 < (found.length < K).sum() < 60
    return Scale.of(histories, np.arange(60))(found)


@pytest.fixture(params=MODELS)
def network(request):
    torch.manual_seed(0)
    return MODELS[request.param](8, 3).eval()


def test_what_follows_the_event_has_no_influence(network, batch):
    noise = torch.randn(batch.steps.shape, generator=torch.Generator().manual_seed(1))
    steps = torch.where(batch.mask[..., None], batch.steps, noise)
    assert not torch.equal(steps, batch.steps)
    with torch.no_grad():
        assert torch.equal(network(batch._replace(steps=steps)), network(batch))


def test_more_room_for_history_changes_nothing_where_there_is_none(batch):
    torch.manual_seed(0)
    network = MODELS["gru"](8, 3).eval()
    young = batch.length < K
    shorter = Batch(batch.steps[young, : K - 1], batch.length[young], batch.own[young])
    with torch.no_grad():
        torch.testing.assert_close(network(batch)[young], network(shorter))


def test_every_event_of_the_history_counts(network, batch):
    steps = batch.steps.clone().requires_grad_()
    network(batch._replace(steps=steps)).square().sum().backward()
    reached = steps.grad.abs().sum(2) > 0
    assert torch.equal(reached, batch.mask)


def test_gradients_reach_every_weight(network, batch):
    network(batch).square().sum().backward()
    dead = [k for k, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert not dead


def test_own_features_count_only_where_they_are_taken(batch):
    torch.manual_seed(0)
    other = batch._replace(own=batch.own + 1)
    for model in MODELS.values():
        with_own, without = model(8, 3).eval(), model(8).eval()
        with torch.no_grad():
            assert not torch.equal(with_own(other), with_own(batch))
            assert torch.equal(without(other), without(batch))


def test_the_head_can_learn_at_a_rate_of_its_own(network):
    from proofolio_torch import optim

    assert {g["lr"] for g in optim.groups(network, backbone=0.1, head=0.2)} == {0.1, 0.2}


def test_a_gru_learns_from_the_history_alone(tmp_path):
    """Fraud is an amount far above the entity's event before: no event shows it by itself."""
    events = table(600, units=12, seconds=60_000)
    amount = events["amount"]
    label = (amount > 1.5 * amount.groupby(events["unit"]).shift(1, fill_value=1e9)).astype(int)
    histories = Histories(events, K)
    parts = [
        Sequences(histories, events["id"][a:b], label[a:b].tolist())
        for a, b in ((0, 450), (450, 600))
    ]
    values = {}
    for k in (1, K):
        short = Histories(events, k)
        parts = [Sequences(short, p.ids, p.labels) for p in parts]
        torch.manual_seed(0)
        arguments = job(tmp_path / str(k), epochs=12, batch=32)
        arguments |= {
            "model": networks.GRU(8, hidden=16, head=16),
            "train": parts[0],
            "val": parts[1],
            "normalise": Scale.of(short, np.arange(450)),
        }
        values[k] = loop.fit(**arguments).best_value
    assert values[K] > values[1] + 0.1


def fitted(folder, flip=False):
    """An autoencoder's weights and outcome."""
    arguments = job(folder, epochs=6)
    torch.manual_seed(0)
    arguments |= {
        "model": networks.Autoencoder(3, hidden=8, code=1),
        "loss": networks.reconstruction_loss,
        "score": loop.Score(
            "reconstruction_error", networks.reconstruction_error, higher_is_better=False
        ),
    }
    if flip:
        for name in ("train", "val"):
            part = arguments[name]
            arguments[name] = Sequences(part.histories, part.ids, 1 - part.labels)
    outcome = loop.fit(**arguments)
    return outcome, arguments


def test_an_autoencoder_learns_to_reconstruct_and_no_label_enters(tmp_path):
    outcome, one = fitted(tmp_path / "a")
    assert outcome.history[-1]["train_loss"] < outcome.history[0]["train_loss"]
    _, other = fitted(tmp_path / "b", flip=True)
    for k, v in one["model"].state_dict().items():
        assert torch.equal(v, other["model"].state_dict()[k])


def test_an_autoencoder_scores_by_the_error_alone(batch):
    torch.manual_seed(0)
    model = networks.Autoencoder(3, code=1).eval()
    with torch.no_grad():
        logits = model(batch)
        error = (model.decoder(model.encoder(batch.own)) - batch.own).square().mean(1)
        p = logits.softmax(1)
        torch.testing.assert_close(p[:, 1], error / (1 + error))
        assert networks.reconstruction_error(None, p.numpy()) == pytest.approx(float(error.mean()))
        assert float(networks.reconstruction_loss(logits, None)) == pytest.approx(
            float(error.mean()), rel=1e-4
        )
        far = batch._replace(own=batch.own * 100)
        assert torch.isfinite(model(far)).all()


def test_an_autoencoder_without_features_is_refused():
    with pytest.raises(ProjectError, match="own=0"):
        networks.Autoencoder(0)


@pytest.mark.parametrize("kind", ["train", "infer"])
def test_the_probe_measures_sequences(monkeypatch, tmp_path, batch, kind):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    clock = iter(range(10_000))
    monkeypatch.setattr(device.time, "perf_counter", lambda: float(next(clock)))
    model = MODELS["gru"](8, 3)
    found = device.choose(kind, model, inputs=batch, images=10**6, folder=tmp_path)
    assert found.layout == "contiguous"
    assert "probe of 60 sequences: float32 contiguous" in found.reason
    monkeypatch.setattr(device, "examples_per_second", lambda *a: pytest.fail("probed again"))
    assert device.choose(kind, model, inputs=batch, images=10**6, folder=tmp_path) == found
    small = device.choose(kind, model, inputs=batch, images=10**5)
    assert (small.layout, "too little work" in small.reason) == ("contiguous", True)


def test_a_gpu_computes_sequences_in_float32(monkeypatch, batch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    found = device.choose("train", MODELS["gru"](8, 3), inputs=batch)
    assert (found.device, found.dtype, found.layout) == ("cuda", "float32", "contiguous")


def test_named_tuples_keep_their_kind_on_the_way_to_the_device(batch):
    moved = Runtime("cpu", "float32", "channels_last", "test").inputs(batch)
    assert isinstance(moved, Batch)
    assert all(torch.equal(a, b) for a, b in zip(moved, batch, strict=True))
