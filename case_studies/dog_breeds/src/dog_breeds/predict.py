"""Answer photographs with the exported network, the one that runs in the page.

    python -m dog_breeds predict PHOTO...

Five breeds with calibrated probabilities, the set that holds the true breed at a stated rate, and
whether the picture may show no dog of these breeds. Both limits stand in models/champion.json.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from proofolio import files
from proofolio.contract import RunError, StaleError

from dog_breeds import pictures

MODEL = Path("models") / "champion.onnx"
SHOWN = 5


@dataclass(frozen=True)
class Answer:
    """What is said of one picture.

    Attributes:
        p: probability of every breed, most likely first.
        fits: the breeds that cannot be ruled out; it may be empty.
        known: False where the picture may show no dog of these breeds.
    """

    p: dict[str, float]
    fits: list[str]
    known: bool


class Exported:
    """The exported network with what was fitted for it: classes, quantile, cut.

    Raises:
        RunError: nothing was exported.
        StaleError: the two files do not belong together.
    """

    def __init__(self, model: Path, threads: int = 0) -> None:
        told = model.with_suffix(".json")
        if not model.is_file() or not told.is_file():
            raise RunError(
                "no network was exported",
                expected=f"{model.name} and {told.name} in {model.parent.name}/",
                remedy="python -m dog_breeds export, which needs the photographs",
            )
        self.told: dict[str, Any] = files.read_json(told)
        if files.sha256_file(model) != self.told["onnx_sha256"]:
            what, remedy = f"{told.name} is about another file", "restore both, or export again"
            raise StaleError(what, remedy=remedy)
        self._session = session(model, threads)

    def answer(self, path: Path) -> Answer:
        """Return what is said of a photograph; raises PictureError."""
        p, energy = scores(self._session, pictures.read(path, self.told["size"]))
        order = np.argsort(-p, kind="stable")
        named = {self.told["classes"][k]: float(p[k]) for k in order}
        limits = self.told["not_a_dog"]
        confidence = {"max_softmax": float(p.max()), "energy": -energy}[limits["score"]]
        return Answer(named, fitting(named, self.told["set"]), confidence >= limits["cut"])


def fitting(p: dict[str, float], limits: dict[str, Any]) -> list[str]:
    """Return the breeds of the conformal set: 1 - p is at most the quantile; all without one."""
    most = 1.0 if limits["quantile"] is None else limits["quantile"]
    return [name for name, value in p.items() if 1 - value <= most]


def session(model: Path, threads: int = 0) -> Any:
    """Return a session on the processor; `threads` 0 takes what the runtime thinks right."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def scores(opened: Any, picture: np.ndarray) -> tuple[np.ndarray, float]:
    """Return probabilities float32 (classes,) and the energy of a picture (size, size, 3)."""
    p, energy = opened.run(None, {opened.get_inputs()[0].name: picture})
    return p, float(energy[0])


def say(root: Path, photographs: Iterable[Path]) -> bool:
    """Print an answer for every photograph; return whether all could be answered."""
    exported, whole = Exported(root / MODEL), True
    for path in photographs:
        try:
            print("\n".join([str(path), *_lines(exported, exported.answer(path))]), flush=True)
        except pictures.PictureError as error:
            whole = False
            print(error, file=sys.stderr, flush=True)
    return whole


def _lines(exported: Exported, answer: Answer) -> list[str]:
    lines = [f"  {value:6.1%}  {name}" for name, value in [*answer.p.items()][:SHOWN]]
    fits = ", ".join(answer.fits) or "no breed fits"
    lines.append(f"  set at {exported.told['set']['level']:.0%}: {fits}")
    return lines if answer.known else [*lines, "  This may not be a dog of these breeds."]
