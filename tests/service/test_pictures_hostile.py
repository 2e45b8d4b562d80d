"""What a stranger may send to the service of pictures, and what it costs to say no."""

import base64
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from pictures_support import SIZE, answered, bomb, export, item, picture, scans
from PIL import Image
from service_support import HEADERS, KEY, settings, until

from proofolio_torch import decoding, pictures, service
from proofolio_torch.pictures import opened

QUICK = 2.0  # seconds on a busy machine: a refusal decodes nothing


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An exported network."""
    made = tmp_path_factory.mktemp("exported")
    export(made)
    return made


def saved(image, kind, **told):
    """Return a picture as a file's bytes."""
    stream = io.BytesIO()
    image.save(stream, kind, **told)
    return stream.getvalue()


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype=dtype)


def steps():
    """A picture that gets brighter from left to right: 40 high, 60 wide."""
    return Image.fromarray(np.tile(np.arange(60, dtype=np.uint8) * 4, (40, 1)))


def turned(by):
    """Return those steps as a JPEG that says how it is to be turned."""
    exif = Image.Exif()
    exif[0x0112] = by
    return saved(steps(), "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize(
    "sent",
    [
        bomb(),
        bomb(7000, 7000),
        saved(Image.new("L", (7000, 7000)), "WEBP", lossless=True, method=0),
    ],
    ids=["gigabytes", "49 million", "webp of bytes"],
)
def test_a_bomb_is_refused_before_it_is_decoded(sent, monkeypatch):
    monkeypatch.setattr(decoding, "pixels", lambda *_: pytest.fail("it was decoded"))
    assert len(sent) < 100_000
    with pytest.raises(service.RequestRefused, match="pixels") as refused:
        opened.read(sent, SIZE, 3)
    assert refused.value.status == 413


def test_a_jpeg_of_many_scans_is_refused_before_it_is_decoded(monkeypatch):
    few, many = scans(20, (1000, 1000)), scans(2000, (1000, 1000))
    assert len(many) < 200_000  # forty million pixels and as many bytes would take hours
    assert opened.read(few, SIZE, 1).pixels.shape == (SIZE, SIZE, 1)
    monkeypatch.setattr(decoding, "pixels", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(service.RequestRefused, match="too long to decode") as refused:
        opened.read(many, SIZE, 1)
    assert refused.value.status == 413


def test_large_pictures_together_are_refused_before_one_is_decoded(folder, monkeypatch):
    monkeypatch.setattr(decoding, "pixels", lambda *_: pytest.fail("it was decoded"))
    scorer = pictures.ImageScorer(pictures.Exported(folder), most_together=50_000_000)
    reply = answered(scorer, [item(name, bomb(5000, 5000)) for name in "abc"])
    assert reply.status_code == 413
    assert reply.json()["error"]["received"] == "75,000,000"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_is_refused(kind, share):
    sent = saved(Image.fromarray(noise(200, 300, 3)), kind)
    with pytest.raises(service.RequestRefused) as refused:
        opened.read(sent[: int(len(sent) * share)], SIZE, 3)
    assert refused.value.status in (415, 422)


def test_sixteen_bits_become_the_upper_eight():
    values = noise(SIZE, SIZE, dtype=np.uint16)
    found = opened.read(saved(Image.fromarray(values), "PNG"), SIZE, 1)
    assert (found.pixels[..., 0] == values >> 8).all()


def test_four_inks_become_three_colours():
    inks = Image.fromarray(noise(4, 4, 4), "CMYK").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    sent = saved(inks, "JPEG", quality=95)
    wanted = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB")).astype(int)
    assert np.abs(opened.read(sent, SIZE, 3).pixels - wanted).mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])  # MPO: what some phones call a JPEG
def test_of_an_animation_the_first_picture_counts(kind):
    first, *more = (Image.new("RGB", (30, 20), (v, v, v)) for v in (16, 96, 208))
    lossless = {"lossless": True} if kind == "WEBP" else {}
    found = opened.read(saved(first, kind, save_all=True, append_images=more, **lossless), SIZE, 3)
    assert (found.pixels == 16).all()


def test_a_picture_is_turned_as_its_file_says():
    level, upright = (opened.read(turned(by), SIZE, 1) for by in (1, 6))
    assert level.statistics["aspect"] == 60 / 40 and upright.statistics["aspect"] == 40 / 60
    assert (np.diff(level.pixels[SIZE // 2, :, 0].astype(int)) > 0).all()  # brighter to the right
    assert (np.diff(upright.pixels[:, SIZE // 2, 0].astype(int)) > 0).all()  # brighter downwards


@pytest.mark.parametrize(
    ("sent", "headers", "status"),
    [
        (picture(), {"X-API-Key": "a-key-that-nobody-has-00000000"}, 401),
        (picture("GIF", mode="L"), HEADERS, 415),
        (bomb(), HEADERS, 413),
        (picture()[:60], HEADERS, 422),
        (b"x" * 60_000, HEADERS, 413),
    ],
    ids=["key", "type", "pixels", "damaged", "body"],
)
def test_a_refusal_is_quick_and_scores_nothing(folder, sent, headers, status):
    scorer = pictures.ImageScorer(pictures.Exported(folder))
    limits = settings(body_bytes=50_000)
    with TestClient(service.create(scorer, settings=limits)) as client:
        before, started = scorer.counts(), time.perf_counter()
        reply = client.post("/score", json={"items": [item(sent=sent)]}, headers=headers)
        took = time.perf_counter() - started
        shown = client.get("/metrics", headers=HEADERS).text
    assert reply.status_code == status and took < QUICK
    assert scorer.counts() == before
    assert f"proofolio_network_calls_total {float(before['network_calls'])}" in shown


def test_a_body_that_is_too_large_waits_for_no_turn(folder):
    scorer = pictures.ImageScorer(pictures.Exported(folder))
    app = service.create(scorer, settings=settings(body_bytes=100, running=1, waiting=0))
    gate = app.state.service.gate
    gate.inside = 1  # the only place is taken
    with TestClient(app) as client:
        large = client.post("/score", content=b"x" * 101, headers=HEADERS)
        small = client.post("/score", content=b"x" * 99, headers=HEADERS)
    assert (large.status_code, small.status_code) == (413, 503)


SERVED = """
import sys
from service_support import settings
from proofolio_torch import pictures, service
scorer = pictures.ImageScorer(pictures.Exported(sys.argv[1]))
service.serve(scorer, settings=settings(body_s=3.0), port=int(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def port(folder):
    """The port of a service in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    served = subprocess.Popen(
        [sys.executable, "-c", SERVED, folder, str(number)],
        env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def ready():
        with socket.socket() as line:
            return served.poll() is None and line.connect_ex(("127.0.0.1", number)) == 0

    try:
        until(ready, 60)
        yield number
    finally:
        served.kill()
        served.wait()


def told(port, text, rest=b""):
    """Send raw text, and `rest` byte by byte; return the status line of the answer and seconds."""
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        try:
            line.sendall(text)
            for k in range(len(rest)):
                line.sendall(rest[k : k + 1])
                time.sleep(0.2)
        except OSError:
            pass  # the service answered and hung up
        first = line.recv(4096).split(b"\r\n")[0].decode()
    return first, time.perf_counter() - started


def asked(length):
    return (
        f"POST /score HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def test_a_huge_header_is_refused(port):
    head = b"POST /score HTTP/1.1\r\nHost: x\r\nX-Junk: " + b"a" * 200_000 + b"\r\n\r\n"
    status, took = told(port, head)
    assert " 400 " in f"{status} " and took < 5


def test_a_slow_client_is_cut_off_and_keeps_nobody_else_waiting(port):
    found = {}
    slow = threading.Thread(
        target=lambda: found.update(slow=told(port, asked(500), b'{"items": [ '))
    )
    slow.start()
    time.sleep(0.3)
    body = json.dumps({"items": [item()]}).encode()
    status, took = told(port, asked(len(body)) + body)
    assert " 200 " in f"{status} " and took < 2.0
    slow.join(10)
    status, took = found["slow"]
    assert " 408 " in f"{status} " and took < 10


def test_serving_needs_no_torch(folder):
    code = (
        "import sys; from pathlib import Path; from proofolio_torch import pictures, service\n"
        "pictures.ImageScorer(pictures.Exported(Path(sys.argv[1]))).load()\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, folder]).returncode == 0


def test_a_sent_picture_is_kept_nowhere(folder, tmp_path):
    path = tmp_path / "decisions.jsonl"
    scorer = pictures.ImageScorer(pictures.Exported(folder))
    app = service.create(scorer, settings=settings(), log=service.DecisionLog(path))
    sent = item()
    with TestClient(app) as client:
        assert client.post("/score", json={"items": [sent]}, headers=HEADERS).status_code == 200
    (line,) = path.read_text().splitlines()
    assert sent["image"][:40] not in line and set(json.loads(line)["inputs"]) == set(
        opened.STATISTICS
    )
    assert base64.b64decode(sent["image"])[:20] not in path.read_bytes()
