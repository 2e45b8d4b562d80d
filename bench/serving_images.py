"""Load the scoring service of pictures: `python bench/serving_images.py` (or `make bench`).

The chosen network of a case study, exported from its committed weights, is served by the project's
own command `serve`. N clients (threads of this process, one connection each, the next request as
soon as the last is answered) send pictures made in memory, never the data's, one a request. Every
answer is held against that of the network alone, so one that is lost or another picture's would
show. Beside one load a further client sends what must be refused: a wrong key, a large body and a
full queue are told at the door, the rest is looked at when its turn comes. `memory_mb` is the most
that the process ever took. Each decision is flushed to the disk. Clients and service share the
cores. Results go to bench/results/serving_images.json and .csv with hardware and versions.

    python bench/serving_images.py --case case_studies/medical_imaging
"""

import argparse
import base64
import importlib
import io
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from run import write
from served import KEY, Service, connection, post

ROOT = Path(__file__).parents[1]
CASE = ROOT / "case_studies" / "medical_imaging"
SIZE, PICTURES = (1000, 1300), 24  # height and width, as X-rays of children have them
LARGE = (3600, 4800)  # some megabytes a file
CLIENTS, REQUESTS, FLOOD = (1, 4, 16), 600, 100
SAME = 1e-4  # of a probability: batches of another size add in another order
QUANTILES = {"median_ms": 50, "p95_ms": 95, "p99_ms": 99}


class Picture(NamedTuple):
    """A request's body, its picture's id, and the probabilities of the network alone."""

    body: bytes
    id: str
    p: np.ndarray


class Answer(NamedTuple):
    """How one request went: seconds, status, and how far the probabilities are off."""

    seconds: float
    status: int
    off: float


def exported(case: Path, folder: Path) -> None:
    """Write the chosen network of a case into `folder` from its committed weights, without data."""
    from proofolio import project, table
    from proofolio.contract import Layout
    from proofolio_torch import data, export
    from proofolio_torch.pictures import export as room
    from proofolio_torch.pictures.graph import Graph

    sys.path.insert(0, str(case / "src"))
    names = ("dataset", "evaluate", "models")
    dataset, evaluate, models = (importlib.import_module(f"{case.name}.{n}") for n in names)
    layout, author, run = Layout(case), project.load(case), evaluate.chosen(case)
    untrained = run.model_copy(update={"config": run.config | {"weights": None}})
    study = dataset.Study(layout, author, table.read_examples(layout), untrained)
    model, info = models.NETWORKS[run.rung](study)
    model = export.load(model, export.fitted(layout, run))
    graph = Graph(model.float(), data.Normalise.of(info)).eval()
    room.network(layout, author, run, graph, "python bench/serving_images.py", folder)


def drawn(number: int, size: tuple[int, int]) -> Iterator[bytes]:
    """Yield grey JPEG files: smooth shapes and noise, no two alike."""
    rng = np.random.default_rng(0)
    for _ in range(number):
        rough = Image.fromarray(rng.integers(20, 235, (9, 12), dtype=np.uint8))
        smooth = np.asarray(rough.resize(size[::-1], Image.Resampling.BICUBIC), np.float32)
        made = np.clip(smooth + rng.normal(0, 6, size), 0, 255).astype(np.uint8)
        yield saved(Image.fromarray(made), "JPEG")


def saved(image: Image.Image, kind: str) -> bytes:
    """Return a picture as a file."""
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def known(folder: Path, number: int, size: tuple[int, int]) -> list[Picture]:
    """Return pictures with the answers of the exported network in `folder`."""
    from proofolio_torch.pictures import Exported

    alone, made = Exported(folder), []
    for k, sent in enumerate(drawn(number, size)):
        (p,) = alone.probabilities([alone.read(sent).pixels])
        made.append(Picture(body(sent, f"picture-{k}"), f"picture-{k}", p))
    return made


def body(sent: bytes, id: str = "refused") -> bytes:
    """Return a request with one file."""
    return json.dumps({"items": [{"id": id, "image": base64.b64encode(sent).decode()}]}).encode()


def refusals() -> dict[str, tuple[str, bytes, int]]:
    """Return requests that must be refused: by name, the key, the body and the status."""
    (good,) = drawn(1, (64, 64))
    return {
        "wrong key": ("a-key-that-nobody-has-00000000", body(good), 401),
        "large body": (KEY, bytes((1 << 24) + 1), 413),
        "too many pixels": (KEY, body(saved(Image.new("L", (8000, 8000)), "PNG")), 413),
        "another format": (KEY, body(saved(Image.new("L", (64, 64)), "GIF")), 415),
        "damaged": (KEY, body(good[:-200]), 422),
    }


def load(port: int, clients: int, requests: int, sent: Sequence[Picture]) -> list[Answer]:
    """Return the answers of `clients` threads that share `requests` requests."""
    numbers, found, lock = iter(range(requests)), [], threading.Lock()

    def client() -> None:
        line = connection(port)
        while (number := next_number()) is not None:
            found.append(_asked(line, sent[number % len(sent)]))
        line.close()

    def next_number() -> int | None:
        with lock:
            return next(numbers, None)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == requests, f"{requests - len(found)} requests have no answer"
    return found


def _asked(line: Any, sent: Picture) -> Answer:
    started = time.perf_counter()
    status, text = post(line, sent.body)
    took, off = time.perf_counter() - started, 0.0
    if status == 200:
        reply = json.loads(text)
        (result,) = reply["results"]
        right = result["id"] == sent.id and not reply["degraded"]
        found = np.array(list(result["probabilities"].values()))
        off = float(np.abs(found - sent.p).max()) if right else float("inf")
    return Answer(took, status, off)


@contextmanager
def refused(port: int) -> Iterator[dict[str, list[float]]]:
    """Send what must be refused, again and again, until the work inside is done; yield seconds."""
    asked, end, wrong = refusals(), threading.Event(), []
    found: dict[str, list[float]] = {name: [] for name in asked}

    def client() -> None:
        line = connection(port)
        while not end.is_set():
            for name, (key, sent, status) in asked.items():
                started = time.perf_counter()
                got, _ = post(line, sent, key)
                found[name].append(time.perf_counter() - started)
                if got != status:
                    wrong.append(f"{name}: {got} instead of {status}")
        line.close()

    thread = threading.Thread(target=client)
    thread.start()
    try:
        yield found
    finally:
        end.set()
        thread.join()
    assert not wrong, wrong[0]


def row(name: str, service: Service, clients: int, work: Callable[[], list[Answer]]) -> dict:
    """Return the figures of one load."""
    before, started = service.counts(), time.perf_counter()
    found = work()
    took, after = time.perf_counter() - started, service.counts()
    calls, pictures = (b - a for a, b in zip(before, after, strict=True))
    answered = [a for a in found if a.status == 200]
    off = max(a.off for a in answered)
    assert off <= SAME, f"an answer is not that of the network alone: {off}"
    return {
        "name": name,
        "clients": clients,
        "requests": len(found),
        **quantiles([a.seconds for a in answered]),
        "pictures_per_second": round(len(answered) / took, 1),
        "pictures_per_call": round(pictures / calls, 2),
        "told_to_come_back": sum(a.status == 503 for a in found),
        "failed": sum(a.status not in (200, 503) for a in found),
        "memory_mb": round(service.most_mb),
    }


def quantiles(took: Sequence[float]) -> dict[str, float]:
    """Return quantiles of seconds in milliseconds; nothing of nothing."""
    ms = np.array(took) * 1e3
    return {n: round(float(np.percentile(ms, q)), 1) for n, q in QUANTILES.items() if len(ms)}


def measured(
    case: Path, folder: Path, clients: Sequence[int], requests: int, sizes: Sequence[tuple] = ()
) -> Iterator[dict[str, Any]]:
    """Yield a row per load, and one per refusal that was sent beside a load.

    Args:
        case: project whose command serves.
        folder: an exported network lies in its `work/serving`.
        clients: how many at once, load by load.
        requests: of each load.
        sizes: height and width of usual pictures and of large ones.
    """
    small, large = (
        known(folder / "work" / "serving", n, size)
        for n, size in zip((PICTURES, 4), sizes or (SIZE, LARGE), strict=True)
    )
    with Service(case, folder) as service:

        def loaded(name: str, many: int, number: int, sent: Sequence[Picture] = small) -> dict:
            return row(name, service, many, lambda: load(service.port, many, number, sent))

        load(service.port, 2, PICTURES, small)  # the first ones find everything cold
        for many in clients:
            yield loaded(f"{many} client{'s' * (many > 1)}", many, requests)
        with refused(service.port) as seconds:
            yield loaded(f"{many} clients, refusals beside", many, requests)
        for name, took in seconds.items():
            yield {"name": f"refused: {name}", "requests": len(took), **quantiles(took)}
        yield loaded(f"{many} clients, large files", many, 4 * many, large)
        flood: list[Answer] = []
        work = lambda: flood.extend(load(service.port, FLOOD, 4 * FLOOD, small)) or flood  # noqa: E731
        yield row("more clients than places", service, FLOOD, work)
        took = [a.seconds for a in flood if a.status == 503]
        yield {"name": "refused: no place", "requests": len(took), **quantiles(took)}
        yield loaded("1 client after that", 1, PICTURES)


def main(case: Path = CASE) -> None:
    """Measure and write."""
    how = f"python bench/serving_images.py --case {case.relative_to(ROOT).as_posix()}"
    with tempfile.TemporaryDirectory(prefix="serving-") as name:
        exported(case, Path(name) / "work" / "serving")
        write("serving_images", measured(case, Path(name), CLIENTS, REQUESTS), how)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", type=lambda path: Path(path).resolve(), default=CASE)
    main(parser.parse_args().case)
