"""A small network as it is exported, pictures and files that only look like some, and a client."""

import base64
import io
import struct
import zlib

import numpy as np
import torch
from fastapi.testclient import TestClient
from PIL import Image
from service_support import HEADERS, KEY

from proofolio import files
from proofolio_torch import data, service, weights
from proofolio_torch.pictures import onnx_file
from proofolio_torch.pictures.graph import Graph

SIZE = 16


def network(classes):
    """A small network of random weights as a graph."""
    with weights.seeded(0):
        model = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, stride=2), torch.nn.ReLU(),
            torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, classes),
        )  # fmt: skip
    return Graph(model, data.Normalise((0.5,) * 3, (0.25,) * 3)).eval()


def export(folder, names=("clear", "suspect"), positive="suspect"):
    """Write what `export.write` writes, of a random network."""
    path, graph = folder / "champion.onnx", network(len(names))
    example = torch.zeros((2, SIZE, SIZE, 3), dtype=torch.uint8)
    onnx_file.write(graph, example, path, outputs=["probabilities"], batched=True)
    about = {
        "project": "tiny", "run": "run-1", "weights_sha256": "w", "size": SIZE, "channels": 3,
        "classes": list(names), "positive_class": positive, "threshold": 0.5 if positive else 0.0,
        "calibration": {"method": "temperature", "temperature": 2.0, "fitted_on": "calib"},
        "costs": {"miss": 5.0, "false_alarm": 1.0}, "prior": 0.3,
        "onnx_sha256": files.sha256_file(path),
    }  # fmt: skip
    files.write_json(path.with_suffix(".json"), about)
    return graph


def picture(kind="PNG", size=(20, 30), value=120, mode="RGB"):
    """A file's bytes: noise, so that it does not compress to nothing."""
    rng = np.random.default_rng(value)
    pixels = rng.integers(0, 255, (*size, len(mode)), dtype=np.uint8).squeeze()
    stream = io.BytesIO()
    Image.fromarray(pixels, mode).save(stream, kind)
    return stream.getvalue()


def bomb(width=60_000, height=60_000):
    """A PNG of some hundred bytes whose header claims gigabytes."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def scans(many, size=(16, 16)):
    """A progressive JPEG whose last scan comes again and again, some sixty bytes each time."""
    stream = io.BytesIO()
    Image.fromarray(np.zeros(size, np.uint8)).save(stream, "JPEG", progressive=True)
    sent = stream.getvalue()
    last = sent[sent.rfind(b"\xff\xda") : -2]
    return sent[:-2] + last * many + sent[-2:]


def answered(scorer, items, headers=HEADERS, **settings):
    """Send items to a service with this scorer."""
    limits = service.Settings(keys=service.Keys([f"caller:{KEY}"]), **settings)
    with TestClient(service.create(scorer, settings=limits)) as client:
        return client.post("/score", json={"items": items}, headers=headers)


def item(name="a", sent=None):
    return {"id": name, "image": base64.b64encode(sent or picture()).decode()}
