"""Weights to keep: half precision for the repository, exact copies for the work folder."""

from pathlib import Path

import torch
from torch import nn

from proofolio import files
from proofolio.contract import RunError

LIMIT = 12 * 2**20  # bytes: the evidence contract's bound for the one committed model


def tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return a model's state on the processor, contiguous, as safetensors wants it."""
    return {k: v.detach().cpu().contiguous().clone() for k, v in model.state_dict().items()}


def save_exact(model: nn.Module, path: Path) -> str:
    """Write all weights atomically as safetensors; return the file's SHA-256."""
    from safetensors.torch import save

    data = save(tensors(model))
    files.write_bytes(path, data)
    return files.sha256_bytes(data)


def save_float16(model: nn.Module, path: Path, limit: int = LIMIT) -> str:
    """Write the weights in half precision as safetensors; return the file's SHA-256.

    Raises RunError where a value leaves the range of half precision or the file exceeds `limit`.
    """
    from safetensors.torch import save

    half = {k: v.half() if v.is_floating_point() else v for k, v in tensors(model).items()}
    lost = [k for k, v in half.items() if v.is_floating_point() and not torch.isfinite(v).all()]
    if lost:
        raise RunError("weights do not fit half precision", received=", ".join(lost[:3]))
    data = save(half)
    if len(data) > limit:
        raise RunError(
            "the model is too large to be committed",
            expected=f"at most {limit / 2**20:.0f} MiB",
            received=f"{len(data) / 2**20:.1f} MiB",
            remedy="keep the weights in the git-ignored work folder, or choose a smaller model",
        )
    files.write_bytes(path, data)
    return files.sha256_bytes(data)


def load(model: nn.Module, path: Path) -> nn.Module:
    """Load safetensors of either kind into `model` (values are cast to the model's dtype)."""
    from safetensors.torch import load_file

    model.load_state_dict(load_file(path))
    return model
