"""An exported network: the ONNX file, what stands beside it, and answers for many pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from proofolio import decisions, files
from proofolio.contract import Calibration, RunError, StaleError
from proofolio_torch.pictures import opened

MODEL = "champion.onnx"
REMEDY = "run the command export, which needs the pictures and the run's weights"


class Exported:
    """What `export.write` wrote: the description at once, the network on `load`.

    Attributes:
        about: run, size, channels, classes, threshold, calibration, costs, reference.

    Raises:
        RunError: nothing was exported.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self.path, self._threads, self._session = Path(folder) / MODEL, threads, None
        beside = self.path.with_suffix(".json")
        if not beside.is_file():
            raise RunError("no network was exported", expected=beside.name, remedy=REMEDY)
        self.about: dict[str, Any] = files.read_json(beside)

    @property
    def binary(self) -> bool:
        """Whether one class is the positive one, with a threshold of its own."""
        return self.about["positive_class"] is not None

    def load(self) -> None:
        """Open the network.

        Raises:
            RunError: the file is missing.
            StaleError: it is another file than the description is about.
        """
        import onnxruntime

        if not self.path.is_file():
            raise RunError(f"{self.path.name} is missing beside its description", remedy=REMEDY)
        if files.sha256_file(self.path) != self.about["onnx_sha256"]:
            raise StaleError(f"{self.path.name} is not the described file", remedy="export again")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            self.path, options, providers=["CPUExecutionProvider"]
        )

    def read(self, data: bytes, **told: Any) -> opened.Opened:
        """Return a file's picture as this network takes it; see `opened.read`."""
        return opened.read(data, self.about["size"], self.about["channels"], **told)

    def raw(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return probabilities, float64 (n, classes), before calibration."""
        if self._session is None:
            self.load()
        name = self._session.get_inputs()[0].name
        return self._session.run(None, {name: np.stack(pictures)})[0].astype(np.float64)

    def probabilities(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return calibrated probabilities, float64 (n, classes)."""
        p, told = self.raw(pictures), self.about["calibration"]
        calibration = Calibration(**told) if told else None
        if not self.binary:
            return decisions.calibrate(p, calibration)
        place = self.about["classes"].index(self.about["positive_class"])
        positive = decisions.calibrate(p[:, place], calibration)
        both = np.column_stack([1 - positive, positive])
        return both if place == 1 else both[:, ::-1]

    def scored(self, p: np.ndarray) -> list[tuple[float, str]]:
        """Return score and decision for each row of probabilities (n, classes).

        Two classes: the probability of the positive one, and that class from the threshold on.
        More: the largest probability, and its class.
        """
        classes = self.about["classes"]
        if not self.binary:
            return [(float(row.max()), classes[int(row.argmax())]) for row in p]
        place = classes.index(self.about["positive_class"])
        names = (classes[1 - place], classes[place])
        return [(float(v), names[int(v >= self.about["threshold"])]) for v in p[:, place]]
