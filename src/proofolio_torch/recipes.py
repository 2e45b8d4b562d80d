"""Named recipes: the settings that suit a processor or a GPU, each with its reason."""

from dataclasses import asdict, dataclass
from typing import Any

from proofolio.contract import ProjectError


@dataclass(frozen=True)
class Recipe:
    """Settings of one kind of machine. None of them changes what is learnt, only how fast.

    Attributes:
        dtype: of autocast; None lets `device.choose` measure.
        layout: memory order of images; None lets `device.choose` measure.
        transfer: what crosses to the device: uint8, normalised there, is a quarter of float32.
        batch: a good global batch; the author's config decides.
        eval_batch: examples per forward pass without gradients.
        workers: loader processes; 0 decodes and augments in the training process.
        pin_memory: page-locked host buffers, so that copies overlap with computing.
        compile_above: images pushed through (n x epochs) from which compiling pays; None: never.
    """

    name: str
    dtype: str | None
    layout: str | None
    transfer: str
    batch: int
    eval_batch: int
    workers: int
    pin_memory: bool
    compile_above: int | None

    def compiles(self, images: int) -> bool:
        """Whether a run of so many images (examples x epochs) is long enough to compile for."""
        return self.compile_above is not None and images >= self.compile_above

    def as_dict(self) -> dict[str, Any]:
        """Return the settings for the record's `runtime`."""
        return asdict(self)


RECIPES = {
    # Reading from the memory map and augmenting costs a twentieth of a training step on a
    # processor: worker processes would only take its cores.
    "cpu": Recipe("cpu", None, None, "uint8", 32, 64, 0, False, None),
    # bf16 needs no loss scaling; compiling costs a minute or two, which only long runs earn back.
    "gpu": Recipe("gpu", "bfloat16", "channels_last", "uint8", 128, 512, 8, True, 500_000),
    # float32 only: autocast on Apple's backend is incomplete and its memory is the processor's.
    "mps": Recipe("mps", "float32", "contiguous", "uint8", 32, 64, 2, False, None),
}


def named(name: str) -> Recipe:
    """Return a recipe by name; raises ProjectError with the known ones."""
    if name not in RECIPES:
        raise ProjectError("no such recipe", expected=", ".join(RECIPES), received=name)
    return RECIPES[name]


def for_device(device: str) -> Recipe:
    """Return the recipe of a device type ("cpu", "cuda", "mps")."""
    return RECIPES["gpu" if device == "cuda" else device]
