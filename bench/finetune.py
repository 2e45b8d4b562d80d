"""Time training on pictures: `python bench/finetune.py [--large]` (or `make bench`).

The same for all: made JPEG pictures of 500 x 375 pixels, the network `tf_efficientnet_lite0` with
random weights, the size, the batch, the number of steps, kinds and strengths of augmentation (crop
of 8 to 100 %, flip, colour 0.4), the processor's cores, one process that takes turns.

- Fine-tuning: one epoch of the runtime's loop, val and the saved state included, against timm's
  training defaults (`create_loader` with four workers, SGD, label smoothing, float32, contiguous)
  and against torchvision's `ImageFolder` with a plain `DataLoader` and AdamW. Peers have no val.
- Frozen features: one pass over the cache, against the plain loop without gradients.
- Quality: a linear model on frozen features of half the pictures, asked about the others, in the
  chosen number format and in float32.

What is ours alone: a cache of decoded pictures, built once; precision and layout that a probe
chooses; denormal numbers taken as 0. `cache_seconds` and `probe_seconds` say what cache and probe
take. They are not in the ratio: `paid_after` says after how many epochs they are paid for. The
cache holds pictures of the network's size, as the projects' do, so a crop is taken from fewer
pixels than the peers'. Results go to bench/results/finetune.json and finetune.csv.
"""

import contextlib
import hashlib
import io
import math
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import timm
import torch
from PIL import Image
from run import compare, race, seconds, write
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timm.data import create_dataset, create_loader, resolve_data_config
from timm.loss import LabelSmoothingCrossEntropy
from timm.optim import create_optimizer_v2
from torch import nn
from torchvision import datasets, transforms

from proofolio_torch import cache, data, device, features, loop, optim, weights

MODEL, CLASSES, WORKERS = "tf_efficientnet_lite0", 3, 4  # timm's train.py starts four workers
PLAIN = device.Runtime("cpu", "float32", "contiguous", "")


class Bench:
    """Pictures in folders by class, their cache, and what all compared loops share."""

    def __init__(self, folder: Path, number: int, size: int, batch: int) -> None:
        self.folder, self.number, self.size, self.batch = folder, number, size, batch
        self.table = pictures(folder / "raw", number)
        build = partial(cache.build, folder / "raw", self.table, size=size, progress=False)
        self.cache_seconds = seconds(lambda: build(folder=folder / "cache"))
        self.cache, self.runs = build(folder=folder / "cache"), count()
        config = resolve_data_config({}, model=model())
        self.mean, self.std = config["mean"], config["std"]
        self.normalise = data.Normalise(self.mean, self.std)
        self.runtime, self.probe_seconds = {}, {}
        for kind in ("train", "infer"):
            choose = partial(device.choose, kind, model(), size=size, batch=batch, device="cpu")
            took = seconds(lambda kind=kind, choose=choose: self.runtime.update({kind: choose()}))
            self.probe_seconds[kind] = took

    def examples(self, rows: slice, augment: bool) -> data.Examples:
        """Return rows of the table from the cache, with timm's kinds of augmentation."""
        import albumentations as A

        side, jitter = (self.size, self.size), 0.4
        change = A.Compose([
            A.RandomResizedCrop(size=side, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3)),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter(*[(1 - jitter, 1 + jitter)] * 3, (0, 0), p=1.0),
        ])  # fmt: skip
        part = self.table[rows]
        changed = data.from_albumentations(change) if augment else None
        return data.Examples(self.cache, part["id"], part["label"], augment=changed)

    def ours(self) -> loop.Outcome:
        """Train on all pictures by the runtime's loop; the first batch is val."""
        with contextlib.redirect_stdout(io.StringIO()):
            return loop.fit(
                model(), self.examples(slice(None), True), self.examples(slice(self.batch), False),
                plan=loop.Plan(1, batch=self.batch), loss=nn.CrossEntropyLoss(),
                score=loop.primary("log_loss", ["0", "1", "2"], None),
                optimizer=partial(optim.adamw, lr=1e-3), schedule=optim.one_cycle,
                normalise=self.normalise, runtime=self.runtime["train"],
                folder=self.folder / f"run{next(self.runs)}", seed=0,
            )  # fmt: skip

    def timm_defaults(self) -> None:
        """Train one epoch with the parts and defaults of timm's train.py, on the processor."""
        # four workers on fewer cores: timm's choice, not ours
        warnings.filterwarnings("ignore", message="This DataLoader will create")
        network = model()
        loader = create_loader(
            create_dataset("", str(self.folder / "raw")), (3, self.size, self.size), self.batch,
            is_training=True, interpolation="random", mean=self.mean, std=self.std,
            num_workers=WORKERS, device=torch.device("cpu"), persistent_workers=False,
        )  # fmt: skip
        settings = {"opt": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 2e-5}
        optimizer = create_optimizer_v2(network, **settings)
        train(network, loader, LabelSmoothingCrossEntropy(0.1), optimizer)

    def torchvision_defaults(self) -> None:
        """Train one epoch of a plain loop over `ImageFolder`, with the loader's defaults."""
        network = model()
        change = transforms.Compose([
            transforms.RandomResizedCrop(self.size), transforms.RandomHorizontalFlip(),
            transforms.ColorJitter(0.4, 0.4, 0.4), transforms.ToTensor(),
            transforms.Normalize(self.mean, self.std),
        ])  # fmt: skip
        files = datasets.ImageFolder(self.folder / "raw", change)
        loader = torch.utils.data.DataLoader(files, self.batch, shuffle=True, drop_last=True)
        train(network, loader, nn.CrossEntropyLoss(), torch.optim.AdamW(network.parameters(), 1e-3))

    def extracted(self, runtime: device.Runtime, folder: str) -> features.Features:
        """Pass all pictures of the cache through the network without a head."""
        return features.extract(
            model(0).eval(), self.cache, normalise=self.normalise, runtime=runtime,
            folder=self.folder / folder, weights_sha256="0" * 64,
        )  # fmt: skip

    def plain_features(self) -> None:
        """Pass all pictures through the network without a head, batch by batch."""
        change = transforms.Compose([
            transforms.Resize((self.size, self.size)), transforms.ToTensor(),
            transforms.Normalize(self.mean, self.std),
        ])  # fmt: skip
        files = datasets.ImageFolder(self.folder / "raw", change)
        network = model(0).eval()
        with torch.no_grad():
            for images, _ in torch.utils.data.DataLoader(files, self.batch):
                network(images)


def model(classes: int = CLASSES) -> nn.Module:
    """Return the network with random weights, the same each time: speed does not depend on them."""
    with weights.seeded(0):
        return timm.create_model(MODEL, pretrained=False, num_classes=classes)


def train(network: nn.Module, loader: Any, loss: nn.Module, optimizer: Any) -> None:
    """Take one plain pass over a loader."""
    torch.set_flush_denormal(False)  # the runtime turns it on; it is off by default
    network.train()
    for images, codes in loader:
        optimizer.zero_grad()
        loss(network(images), codes).backward()
        optimizer.step()
    torch.set_flush_denormal(True)


def pictures(folder: Path, number: int) -> pd.DataFrame:
    """Write JPEG pictures in one folder per class; return id, path, content, label."""
    rng, rows = np.random.default_rng(0), []
    for k in range(number):
        label = k % CLASSES
        coarse = rng.integers(0, 156, (12, 16, 3))
        coarse[..., label] += 100
        path = folder / str(label) / f"{k:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse.astype(np.uint8)).resize((500, 375), 2).save(path, quality=90)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        name = path.relative_to(folder).as_posix()
        rows.append({"id": f"p{k:05d}", "path": name, "content": content, "label": label})
    return pd.DataFrame(rows)


def finetuning(bench: Bench) -> list[dict]:
    """Images per second of one epoch, against both peers."""
    peers = {"timm's training defaults": (bench.timm_defaults, 1.0),
             "ImageFolder with a plain DataLoader": (bench.torchvision_defaults, 1.0)}  # fmt: skip
    title = f"fine-tuning, {bench.number} pictures, {bench.size} px"
    rows = race({title: bench.ours}, peers, size=bench.number, aim=1.3)
    return [told(row, bench, "train") for row in rows]


def told(row: dict, bench: Bench, kind: str) -> dict:
    """Add images per second, what was chosen, and what cache and probe take."""
    images, chosen = bench.number // bench.batch * bench.batch, bench.runtime[kind]
    once = bench.cache_seconds + bench.probe_seconds[kind]
    gained = row["peer_seconds"] - row["seconds"]
    return row | {
        "images_per_second": round(images / max(row["seconds"], 1e-3), 1),
        "peer_images_per_second": round(images / max(row["peer_seconds"], 1e-3), 1),
        "chosen": f"{chosen.dtype} {chosen.layout}",
        "cache_seconds": round(bench.cache_seconds, 3),
        "probe_seconds": round(bench.probe_seconds[kind], 3),
        "paid_after": math.ceil(once / gained) if gained > 0 else None,
    }


def frozen(bench: Bench) -> dict:
    """One pass of frozen features, kept anew each time."""
    runs, runtime = count(), bench.runtime["infer"]
    name = f"frozen features, {bench.number} pictures, {bench.size} px"
    row = compare(
        name, lambda: bench.extracted(runtime, f"features{next(runs)}"), bench.plain_features,
        "plain loop over ImageFolder", size=bench.number, aim=1.3,
    )  # fmt: skip
    return told(row, bench, "infer")


def quality(bench: Bench) -> dict:
    """How often a linear model on frozen features is right about the other half of the pictures."""
    label, right = bench.table["label"].to_numpy(), {}
    fit, asked = slice(len(label) // 2), slice(len(label) // 2, None)
    for kind, runtime in (("chosen", bench.runtime["infer"]), ("float32", PLAIN)):
        x = bench.extracted(runtime, f"quality_{kind}").rows(bench.table["id"])
        linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        right[kind] = round(float(linear.fit(x[fit], label[fit]).score(x[asked], label[asked])), 3)
    return {
        "name": f"frozen features in the chosen number format, {bench.number} pictures",
        "right": right["chosen"],
        "right_float32": right["float32"],
        "chosen": f"{bench.runtime['infer'].dtype} {bench.runtime['infer'].layout}",
    }


def measured(number: int, size: int, batch: int, checked: bool) -> Iterator[dict]:
    """Yield all rows of one number of pictures; `checked`: also that of quality."""
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), number, size, batch)
        yield from finetuning(bench)
        yield frozen(bench)
        if checked:
            yield quality(bench)


def main(numbers=(64, 128, 256), size=224, batch=32) -> None:
    """Run every benchmark and write the results."""
    if "--large" in sys.argv[1:]:
        numbers = (64, 256, 512)
    rows = chain.from_iterable(measured(n, size, batch, n == numbers[:2][-1]) for n in numbers)
    write("finetune", rows, "python " + " ".join(["bench/finetune.py", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
