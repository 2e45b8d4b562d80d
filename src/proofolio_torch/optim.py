"""Optimizers and schedules: parameter groups with their own peaks, one-cycle and cosine."""

import math

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from proofolio.contract import ProjectError


def groups(
    model: nn.Module,
    *,
    lr: float | None = None,
    backbone: float | None = None,
    head: float | None = None,
    weight_decay: float = 0.01,
) -> list[dict]:
    """Return parameter groups with peak learning rates; frozen parameters are left out.

    Give `lr` for all, or `backbone` and `head`: a fresh head learns ten times faster than weights
    that already see. The head is timm's `get_classifier()`. Biases and normalisation layers (one
    dimension) get no weight decay.
    """
    if (lr is None) == (backbone is None or head is None):
        raise ProjectError(
            "learning rates are not clear",
            expected="either lr, or both backbone and head",
            received=f"lr={lr}, backbone={backbone}, head={head}",
        )
    if lr is None and not hasattr(model, "get_classifier"):
        raise ProjectError(
            f"{type(model).__name__} does not name its head",
            expected="a timm model, or a method get_classifier()",
            remedy="give one lr for all parameters",
        )
    of_head = set() if lr is not None else {id(p) for p in model.get_classifier().parameters()}
    chosen: dict[tuple[float, float], list[nn.Parameter]] = {}
    for p in model.parameters():
        if p.requires_grad:
            peak = lr if lr is not None else head if id(p) in of_head else backbone
            chosen.setdefault((peak, weight_decay if p.ndim > 1 else 0.0), []).append(p)
    if not chosen:
        raise ProjectError("the model has no parameter that learns", remedy="unfreeze its head")
    return [{"params": p, "lr": peak, "weight_decay": w} for (peak, w), p in chosen.items()]


def adamw(
    model: nn.Module,
    *,
    lr: float | None = None,
    backbone: float | None = None,
    head: float | None = None,
    weight_decay: float = 0.01,
) -> AdamW:
    """Return AdamW over `groups`."""
    return AdamW(groups(model, lr=lr, backbone=backbone, head=head, weight_decay=weight_decay))


def one_cycle(optimizer: Optimizer, steps: int, *, warmup: float = 0.3) -> LRScheduler:
    """Rise to each group's own lr over `warmup` of `steps`, then anneal to nearly nothing.

    Smith and Topin 2019, arXiv:1708.07120.
    """
    peaks = [group["lr"] for group in optimizer.param_groups]
    # below four steps the phases of torch's schedule have no length
    return OneCycleLR(optimizer, max_lr=peaks, total_steps=max(steps, 4), pct_start=warmup)


def cosine(optimizer: Optimizer, steps: int, *, warmup: float = 0.05) -> LRScheduler:
    """Rise linearly over `warmup` of `steps`, then follow half a cosine to zero."""
    rise = max(1, round(warmup * steps))

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - rise) / max(1, steps - rise))))

    return LambdaLR(optimizer, factor)
