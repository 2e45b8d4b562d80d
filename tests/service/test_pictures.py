"""Pictures over HTTP: limits before decoding, one call for many, a person behind the network."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from pictures_support import SIZE, answered, bomb, export, item, network, picture
from service_support import HEADERS, settings

from proofolio.contract import RunError, StaleError
from proofolio_torch import pictures, service
from proofolio_torch.pictures import opened
from proofolio_torch.pictures.batches import Batches


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An exported network."""
    made = tmp_path_factory.mktemp("exported")
    export(made)
    return made


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (b"", 415, "an empty file"),
        (b"hello", 415, "another kind of file"),
        (picture("GIF", mode="L"), 415, "JPEG, PNG, WEBP"),
        (bomb(), 413, "too many pixels"),
        (bomb(7000, 7000), 413, "7,000 x 7,000"),
        (picture("PNG")[:60], 422, "does not decode"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_with_the_reason(sent, status, said):
    with pytest.raises(service.RequestRefused, match=said) as refused:
        opened.read(sent, SIZE, 3)
    assert refused.value.status == status


def test_a_file_above_the_limit_is_not_opened():
    with pytest.raises(service.RequestRefused, match="too large"):
        opened.read(b"x" * 101, SIZE, 3, most_bytes=100)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_same_file_gives_the_pixels_of_training(kind, tmp_path):
    from proofolio_torch import cache

    sent = picture(kind)
    (tmp_path / "a").write_bytes(sent)
    found = opened.read(sent, SIZE, 3)
    assert (found.pixels == cache.decode(tmp_path / "a", (SIZE, SIZE, 3), "stretch")).all()
    assert set(found.statistics) == set(opened.STATISTICS)
    assert found.statistics["aspect"] == 30 / 20


def test_onnx_says_what_torch_says_for_any_number_of_pictures(folder):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (5, SIZE, SIZE, 3), dtype=np.uint8)
    exported, graph = pictures.Exported(folder), network(2)
    with torch.no_grad():
        wanted = graph(torch.from_numpy(images)).numpy()
    assert np.abs(exported.raw(images) - wanted).max() < 1e-5
    assert np.abs(exported.raw(images[:1]) - wanted[:1]).max() < 1e-5
    calibrated = 1 / (1 + np.exp(-np.log(wanted[:, 1] / wanted[:, 0]) / 2))
    assert np.abs(exported.probabilities(images)[:, 1] - calibrated).max() < 1e-5


def test_another_file_than_described_is_not_served(folder, tmp_path):
    for name in ("champion.onnx", "champion.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "champion.onnx").write_bytes(b"another")
    with pytest.raises(StaleError, match="export again"):
        pictures.Exported(tmp_path).load()
    (tmp_path / "champion.onnx").unlink()
    with pytest.raises(RunError, match="missing"):
        pictures.Exported(tmp_path).load()
    with pytest.raises(RunError, match="no network was exported"):
        pictures.Exported(tmp_path / "elsewhere")


def test_of_many_classes_the_likeliest_is_taken(tmp_path):
    export(tmp_path, ("a", "b", "c"), None)
    exported = pictures.Exported(tmp_path)
    p = exported.probabilities([opened.read(picture(), SIZE, 3).pixels])
    assert p.shape == (1, 3) and np.isclose(p.sum(), 1)
    assert exported.scored(p) == [(p.max(), "abc"[int(p.argmax())])]


def test_a_request_is_answered_with_probabilities_and_statistics(folder):
    reply = answered(pictures.ImageScorer(pictures.Exported(folder)), [item("a"), item("b")])
    found = reply.json()
    assert reply.status_code == 200 and not found["degraded"]
    assert [r["id"] for r in found["results"]] == ["a", "b"]
    assert found["results"][0]["probabilities"].keys() == {"clear", "suspect"}
    assert found["results"][0]["inputs"]["megapixels"] == 600 / 1e6
    assert found["versions"]["run"] == "run-1"


def test_one_bad_picture_refuses_the_request_and_names_it(folder):
    scorer = pictures.ImageScorer(pictures.Exported(folder))
    reply = answered(scorer, [item("good"), item("bad", bomb())])
    assert reply.status_code == 413
    assert "picture bad" in reply.json()["error"]["what"]
    broken = answered(scorer, [{"id": "a", "image": "not base64!"}])
    assert broken.status_code == 422


def test_without_the_network_a_person_is_asked(folder, tmp_path):
    (tmp_path / "champion.json").write_bytes((folder / "champion.json").read_bytes())
    reply = answered(pictures.ImageScorer(pictures.Exported(tmp_path)), [item()])
    found = reply.json()
    assert found["degraded"] and "did not load" in found["reason"]
    assert found["results"][0]["decision"] == "refer" and found["results"][0]["score"] == 0.3


def test_pictures_that_come_together_go_through_in_one_call():
    sizes, first, go = [], threading.Event(), threading.Event()

    def call(found):
        sizes.append(len(found))
        first.set()
        assert go.wait(5)
        return np.array([p.sum() for p in found])

    batches, out = Batches(call, most=4), {}

    def ask(k):
        out[k] = batches([np.full(2, k)])

    threads = [threading.Thread(target=ask, args=(0,))]
    threads[0].start()
    assert first.wait(5)
    threads += [threading.Thread(target=ask, args=(k,)) for k in range(1, 6)]
    for thread in threads[1:]:
        thread.start()
    while len(batches._waiting) < 5:
        pass
    go.set()
    for thread in threads:
        thread.join(5)
    assert {k: v.tolist() for k, v in out.items()} == {k: [2 * k] for k in range(6)}
    assert sizes == [1, 4, 1]


def test_requests_that_come_together_are_scored_together(folder, monkeypatch):
    exported = pictures.Exported(folder)
    alone = exported.probabilities

    def slowly(found):
        time.sleep(0.05)
        return alone(found)

    monkeypatch.setattr(exported, "probabilities", slowly)
    scorer = pictures.ImageScorer(exported)
    sent = [item(f"i{k}", picture(value=k)) for k in range(16)]
    wanted = alone([opened.read(picture(value=k), SIZE, 3).pixels for k in range(16)])[:, 1]
    with TestClient(service.create(scorer, settings=settings(running=8))) as client:
        before = scorer.counts()

        def ask(one):
            return client.post("/score", json={"items": [one]}, headers=HEADERS).json()["results"]

        with ThreadPoolExecutor(16) as pool:
            found = [result for results in pool.map(ask, sent) for result in results]
    calls, scored = (scorer.counts()[k] - before[k] for k in before)
    assert scored == 16 and calls <= 8
    assert [result["id"] for result in found] == [one["id"] for one in sent]
    assert np.abs(np.array([result["score"] for result in found]) - wanted).max() < 1e-5


def test_a_failing_call_reaches_every_caller_and_the_next_works():
    outcomes = iter([RuntimeError("no"), None])

    def call(found):
        if (error := next(outcomes)) is not None:
            raise error
        return np.zeros(len(found))

    batches = Batches(call)
    with pytest.raises(RuntimeError, match="no"):
        batches([np.zeros(1)])
    assert len(batches([np.zeros(1), np.zeros(1)])) == 2
