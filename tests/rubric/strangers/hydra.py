"""The shape of lightning-hydra-template: bird calls, with good engineering and an unwatched split.

Clips of one recording are drawn at random into train, validation and test. Configurations,
seeds, tests and CI are in order; the README still says much of the tool and little of the birds.
"""

from pathlib import Path

from rubric.strangers import made

README = """# Bird calls

[![python](https://img.shields.io/badge/-Python_3.11-blue)](https://example.org)
[![tests](https://example.org/badge.svg)](https://example.org)

## Description

Classifies five seconds of sound into 40 kinds of bird with a ResNet on mel spectrograms.

## Installation

```bash
pip install -r requirements.txt
```

## How to run

Train with the default configuration, on CPU or GPU:

```bash
python src/train.py trainer=cpu
python src/train.py trainer=gpu
```

Train with a configuration of `configs/experiment/`, or override any of the parameters:

```bash
python src/train.py experiment=resnet34
python src/train.py -m seed=1,2,3 experiment=resnet34
```

## Results

| model | val/acc | test/acc |
|---|---|---|
| resnet18 | 0.91 | 0.90 |
| resnet34 | 0.93 | 0.92 |
| resnet34, no SpecAugment | 0.93 | 0.91 |

SpecAugment did not help here.
"""
DATA = '''"""Clips of five seconds as mel spectrograms."""

import pandas as pd
import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset, random_split


class Clips(Dataset):
    """Spectrograms by row of the table; a recording gives several clips."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int):
        row = self.table.iloc[index]
        return torch.load(row["path"], weights_only=True), row["label"]


class BirdDataModule(LightningDataModule):
    """Train, validation and test loaders."""

    def __init__(self, table: str, batch_size: int = 64, lengths=(0.8, 0.1, 0.1)) -> None:
        super().__init__()
        self.save_hyperparameters()

    def setup(self, stage: str | None = None) -> None:
        clips = Clips(pd.read_csv(self.hparams.table))
        generator = torch.Generator().manual_seed(42)
        self.train, self.val, self.test = random_split(clips, self.hparams.lengths, generator)

    def train_dataloader(self):
        return DataLoader(self.train, self.hparams.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, self.hparams.batch_size)

    def test_dataloader(self):
        return DataLoader(self.test, self.hparams.batch_size)
'''
MODEL = '''"""A ResNet over spectrograms."""

import torch
from lightning import LightningModule
from torchmetrics.classification import MulticlassAccuracy
from torchvision import models


class BirdModule(LightningModule):
    """Cross-entropy training with accuracy on every part."""

    def __init__(self, net: str = "resnet18", classes: int = 40, lr: float = 1e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = getattr(models, net)(num_classes=classes)
        self.acc = MulticlassAccuracy(classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x.expand(-1, 3, -1, -1))

    def training_step(self, batch, _):
        x, y = batch
        return torch.nn.functional.cross_entropy(self(x), y)

    def validation_step(self, batch, _):
        self.log("val/acc", self.acc(self(batch[0]), batch[1]))

    def test_step(self, batch, _):
        self.log("test/acc", self.acc(self(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), self.hparams.lr)
'''
TRAIN = '''"""Train and test by a configuration."""

import hydra
import lightning as L
from omegaconf import DictConfig


@hydra.main(version_base="1.3", config_path="../configs", config_name="train.yaml")
def main(cfg: DictConfig) -> float | None:
    """Return the metric that a search optimises."""
    L.seed_everything(cfg.seed, workers=True)
    data = hydra.utils.instantiate(cfg.data)
    model = hydra.utils.instantiate(cfg.model)
    trainer = hydra.utils.instantiate(cfg.trainer)
    trainer.fit(model, datamodule=data)
    trainer.test(model, datamodule=data, ckpt_path="best")
    return trainer.callback_metrics.get(cfg.optimized_metric)


if __name__ == "__main__":
    main()
'''
CONFIGS = {
    "configs/train.yaml": "defaults: [_self_, data: birds, model: resnet, trainer: default]\n"
    "seed: 42\noptimized_metric: val/acc\n",
    "configs/data/birds.yaml": "_target_: src.data.birds.BirdDataModule\ntable: data/clips.csv\n",
    "configs/model/resnet.yaml": "_target_: src.models.birds.BirdModule\nnet: resnet18\n",
    "configs/trainer/default.yaml": "_target_: lightning.Trainer\nmax_epochs: 30\n",
    "configs/callbacks/default.yaml": "checkpoint: {monitor: val/acc, mode: max}\n",
    "configs/experiment/resnet34.yaml": "# @package _global_\nmodel: {net: resnet34}\n",
    "configs/experiment/plain.yaml": "# @package _global_\ndata: {augment: false}\n",
    "configs/hparams_search/optuna.yaml": "hydra: {mode: MULTIRUN, sweeper: {n_trials: 20}}\n",
}
TESTS = '''"""One batch through the model, and one fast run."""

import pytest
import torch

from src.models.birds import BirdModule


@pytest.fixture(scope="module")
def model():
    return BirdModule(classes=3)


def test_one_score_a_class(model):
    assert model(torch.zeros(2, 1, 64, 64)).shape == (2, 3)


def test_the_loss_is_finite(model):
    loss = model.training_step((torch.zeros(2, 1, 64, 64), torch.tensor([0, 1])), 0)
    assert torch.isfinite(loss)


@pytest.mark.parametrize("net", ["resnet18", "resnet34"])
def test_nets_have_parameters(net):
    assert sum(p.numel() for p in BirdModule(net=net).parameters()) > 0
'''
CI = """name: Tests
on: [push]
jobs:
  run_tests_ubuntu:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt
      - run: pytest -v
"""
LIST = "torch>=2.0.0\ntorchvision>=0.15.0\nlightning>=2.0.0\nhydra-core==1.3.2\npandas\npytest\n"


def write(root: Path) -> Path:
    """Write the repository in nine commits over three weeks."""
    begun = {"README.md": "# Lightning-Hydra-Template\n\nWhat it does\n", "setup.py": ""}
    src = {"src/__init__.py": "", "src/data/__init__.py": "", "src/models/__init__.py": ""}
    steps = [
        (0, "Initial commit", begun | src | CONFIGS),
        (1, "Clips", {"src/data/birds.py": DATA.replace(", weights_only=True", "")}),
        (2, "Load tensors alone", {"src/data/birds.py": DATA}),
        (4, "ResNet", {"src/models/birds.py": MODEL.split("    def test_step")[0]}),
        (5, "Train", {"src/train.py": TRAIN}),
        (6, "Test step", {"src/models/birds.py": MODEL}),
        (9, "Tests", {"tests/test_models.py": TESTS, ".github/workflows/test.yml": CI}),
        (12, "Requirements and hooks", {
            "requirements.txt": LIST, ".env.example": "WANDB_API_KEY=\n",
            ".pre-commit-config.yaml": "repos: []\n", ".project-root": "",
        }),
        (20, "Results", {"README.md": README, "LICENSE": "MIT License\n"}),
    ]  # fmt: skip
    return made.commit(root, steps)
