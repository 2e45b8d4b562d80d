"""Device, precision and memory layout, chosen by measuring, with the reason in words."""

import copy
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from proofolio import files
from proofolio.contract import ProjectError
from proofolio.evidence.provenance import processor
from proofolio_torch import memory, parallel, recipes

SMALL_JOB = 2_000  # images: below this a run is over before a probe has paid for itself
SMALL_SEQUENCES = 200_000  # the same for sequences, a hundred times faster
MARGIN = 1.1  # bfloat16 must be so much faster to be worth its rounding
CANDIDATES = {  # depthwise networks in bfloat16 train faster contiguous, infer faster channels_last
    "train": (("float32", "channels_last"), ("bfloat16", "contiguous")),
    "infer": (("float32", "channels_last"), ("bfloat16", "channels_last")),
}


@dataclass(frozen=True)
class Runtime:
    """Where and how a model computes: device type, autocast dtype, layout, and why."""

    device: str
    dtype: str
    layout: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return the record of `run.json`'s `runtime`; gpu, cuda and cudnn name the hardware."""
        record = asdict(self) | {
            "threads": torch.get_num_threads(),
            "processes": parallel.world_size(),
        }
        if self.device != "cuda":
            return record
        return record | {
            "gpu": torch.cuda.get_device_name(),
            "cuda": torch.version.cuda,
            "cudnn": str(torch.backends.cudnn.version()),
        }

    @property
    def memory_format(self) -> torch.memory_format:
        """The torch name of `layout`."""
        last = self.layout == "channels_last"
        return torch.channels_last if last else torch.contiguous_format

    def autocast(self) -> AbstractContextManager:
        """Return the context of a forward pass: weights stay float32, matrix products may not."""
        return torch.autocast(self.device, torch.bfloat16, enabled=self.dtype == "bfloat16")

    def place(self, model: nn.Module) -> nn.Module:
        """Move a model to the device in the chosen layout (in place; returned for chaining)."""
        return model.to(self.device, memory_format=self.memory_format)

    def inputs(self, given: Any) -> Any:
        """Return float images (b, c, h, w) on the device in the chosen layout.

        Tensors of another shape, and named tuples of them, only move.
        """
        if isinstance(given, tuple):
            return type(given)(*(self.inputs(tensor) for tensor in given))
        given = given.to(self.device)
        return given.contiguous(memory_format=self.memory_format) if given.ndim == 4 else given


def choose(
    kind: str = "train",
    model: nn.Module | None = None,
    *,
    size: int = 224,
    channels: int = 3,
    batch: int = 32,
    folder: Path | None = None,
    images: int | None = None,
    device: str | None = None,
    inputs: Any = None,
) -> Runtime:
    """Choose device, dtype and layout, and print why.

    Args:
        kind: "train" or "infer".
        model: measured on a processor; without one, float32 channels_last is taken.
        size: pixels of the probe's square images.
        channels: of the probe's images, as the model expects them.
        batch: of the work to come; the probe takes at most 8 images at a time.
        folder: remembers the answer per machine, model and versions, so that a resumed run
            computes as it began.
        images: how many will go through in all (examples x epochs); a small job is not probed.
        device: force "cpu", "cuda" or "mps".
        inputs: a standardised batch, where the model takes no images: the probe uses it, and
            there is no layout to choose.

    Raises:
        ProjectError: an unknown kind, or a device that is not there.
    """
    if kind not in CANDIDATES:
        raise ProjectError("unknown kind of work", expected="train or infer", received=str(kind))
    torch.set_flush_denormal(True)  # denormal numbers are up to a hundred times slower
    parallel.limit_threads()
    memory.keep_freed()
    found = _device(device)
    small = SMALL_JOB if inputs is None else SMALL_SEQUENCES
    if found != "cpu":
        runtime = _accelerated(found, inputs is None)
    elif parallel.world_size() > 1:
        runtime = _plain("several processes: not probed, so that all compute alike")
    elif model is None or (images is not None and images < small):
        runtime = _plain("not probed: too little work for a probe to pay")
    elif inputs is None:
        runtime = _probed(kind, model, (min(batch, 8), channels, size, size), folder)
    else:
        runtime = _probed_sequences(kind, model, inputs, folder)
    if inputs is not None:
        runtime = replace(runtime, layout="contiguous")
    if parallel.is_main():
        print(f"{kind} on {runtime.device}, {runtime.dtype}, {runtime.layout}: {runtime.reason}")
    return runtime


def _device(forced: str | None) -> str:
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if forced is not None and not there.get(forced, False):
        raise ProjectError(
            "no such device here",
            expected=", ".join(d for d, has in there.items() if has),
            received=forced,
            remedy="leave the device open, or install the torch build for it",
        )
    return forced or next(d for d, has in there.items() if has)


def _accelerated(device: str, images: bool = True) -> Runtime:
    recipe = recipes.for_device(device)
    if not images:
        return Runtime(
            device, "float32", "contiguous",
            "a small network over sequences: calls cost more than arithmetic",
        )  # fmt: skip
    if device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return Runtime(device, "float32", recipe.layout, "this GPU has no bfloat16")
    reason = f"recipe {recipe.name}: uint8 transfer, normalised on the device"
    return Runtime(device, recipe.dtype, recipe.layout, reason)


def _plain(reason: str) -> Runtime:
    return Runtime("cpu", "float32", "channels_last", reason)


def _probed(kind: str, model: nn.Module, shape: tuple[int, ...], folder: Path | None) -> Runtime:
    def measure() -> Runtime:
        speed = {c: images_per_second(model, *c, kind, shape) for c in CANDIDATES[kind]}
        return _faster(speed, "images", f"{shape[0]} images at {shape[-1]} px")

    return _remembered(model, [kind, *shape], folder, measure)


def _probed_sequences(kind: str, model: nn.Module, inputs: Any, folder: Path | None) -> Runtime:
    def measure() -> Runtime:
        candidates = [(dtype, "contiguous") for dtype, _ in CANDIDATES[kind]]
        speed = {c: examples_per_second(model, *c, kind, inputs) for c in candidates}
        return _faster(speed, "sequences", f"{len(inputs[0])} sequences")

    return _remembered(model, [kind, *(list(t.shape) for t in inputs)], folder, measure)


def _faster(speed: dict[tuple[str, str], float], what: str, probe: str) -> Runtime:
    first, second = speed
    best = second if speed[second] > MARGIN * speed[first] else first
    measured = ", ".join(f"{d} {layout} {s:.0f} {what}/s" for (d, layout), s in speed.items())
    return Runtime("cpu", *best, f"probe of {probe}: {measured}")


def _remembered(
    model: nn.Module, probe: list, folder: Path | None, measure: Callable[[], Runtime]
) -> Runtime:
    machine = {
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "model": [type(model).__name__, sum(p.numel() for p in model.parameters())],
        "probe": probe,
    }
    path = Path(folder) / f"probe-{files.sha256_json(machine)[:12]}.json" if folder else None
    if path is not None and path.is_file():
        return Runtime(**files.read_json(path)["runtime"])
    runtime = measure()
    if path is not None:
        files.write_json(path, {"runtime": asdict(runtime), "machine": machine})
    return runtime


def images_per_second(
    model: nn.Module, dtype: str, layout: str, kind: str, shape: tuple[int, ...]
) -> float:
    """Return `examples_per_second` on random images of `shape` (b, c, h, w)."""
    images = torch.zeros(shape).uniform_(generator=torch.Generator().manual_seed(0))
    return examples_per_second(model, dtype, layout, kind, images)


def examples_per_second(model: nn.Module, dtype: str, layout: str, kind: str, inputs: Any) -> float:
    """Return the best speed of a few steps on a batch of what the model takes, about 1.5 s.

    The best and not the mean: what another program does to the machine meanwhile is no property of
    the choice.
    """
    runtime = Runtime("cpu", dtype, layout, "")
    model = runtime.place(copy.deepcopy(model)).train(kind == "train")
    inputs = runtime.inputs(inputs)
    count = len(inputs[0]) if isinstance(inputs, tuple) else len(inputs)

    def step() -> float:
        start = time.perf_counter()
        with torch.set_grad_enabled(kind == "train"), runtime.autocast():
            loss = model(inputs).float().square().mean()
        if kind == "train":
            loss.backward()
            model.zero_grad(set_to_none=True)
        return time.perf_counter() - start

    fastest = step()  # this one allocates and chooses kernels too: alone it counts only if slow
    started = time.perf_counter()
    while time.perf_counter() - started < 1.5 - min(fastest, 1.4):
        fastest = min(fastest, step())
    return count / fastest
