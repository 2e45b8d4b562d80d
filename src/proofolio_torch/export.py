"""Weights to keep: half precision for the repository, exact copies for the work folder."""

from pathlib import Path

import torch
from torch import nn

from proofolio import files
from proofolio.contract import Layout, Run, RunError
from proofolio_torch import parallel

LIMIT = 12 * 2**20  # bytes: the evidence contract's bound for the one committed model
FITTED = "fitted.safetensors"  # in a run's work folder; its hash stands in the run's record


def tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return a model's state on the processor, contiguous, as safetensors wants it."""
    return {k: v.detach().cpu().contiguous().clone() for k, v in model.state_dict().items()}


def save_exact(model: nn.Module, path: Path) -> str:
    """Write all weights atomically as safetensors; return the file's SHA-256."""
    from safetensors.torch import save

    data = save(tensors(model))
    files.write_bytes(path, data)
    return files.sha256_bytes(data)


def save_float16(model: nn.Module, path: Path) -> str:
    """Write the weights in half precision as safetensors; return the file's SHA-256.

    Raises RunError where a value leaves the range of half precision.
    """
    from safetensors.torch import save

    half = {k: v.half() if v.is_floating_point() else v for k, v in tensors(model).items()}
    lost = [k for k, v in half.items() if v.is_floating_point() and not torch.isfinite(v).all()]
    if lost:
        raise RunError("weights do not fit half precision", received=", ".join(lost[:3]))
    data = save(half)
    if parallel.is_main():
        files.write_bytes(path, data)
    return files.sha256_bytes(data)


def champion(layout: Layout, run_id: str, limit: int = LIMIT) -> Path | None:
    """Copy the chosen run's fitted weights to `models/champion.safetensors`, to be committed once.

    Returns the file to register, or None where the run has no network's weights on this machine.
    Above `limit` bytes the weights stay in the git-ignored work folder, and the reason is printed.
    """
    fitted = layout.run_work(run_id) / FITTED
    if not fitted.is_file():
        return None
    if fitted.stat().st_size > limit:
        size = fitted.stat().st_size / 2**20
        print(f"weights of {size:.1f} MiB stay in work: at most {limit / 2**20:.0f} go into git")
        return fitted
    kept = _champion(layout)
    files.write_bytes(kept, fitted.read_bytes())
    return kept


def fitted(layout: Layout, run: Run) -> Path | None:
    """Return the file with the weights that a run recorded: the committed champion or the work's.

    None where this machine has neither, or the run has no network: another file's weights are never
    taken for the recorded ones.
    """
    recorded = run.model.weights_sha256 if run.model else None
    known = (_champion(layout), layout.run_work(run.id) / FITTED)
    found = (path for path in known if path.is_file() and files.sha256_file(path) == recorded)
    return next(found, None)


def _champion(layout: Layout) -> Path:
    return layout.root / "models" / "champion.safetensors"


def load(model: nn.Module, path: Path) -> nn.Module:
    """Load safetensors of either kind into `model` (values are cast to the model's dtype)."""
    from safetensors.torch import load_file

    model.load_state_dict(load_file(path))
    return model
