"""A network with its normalisation and softmax as one graph: bytes in, probabilities out."""

import torch
from torch import nn

from proofolio_torch.data import Normalise


class Graph(nn.Module):
    """Pictures uint8 (n, size, size, channels) to probabilities float32 (n, classes).

    Not calibrated: the temperature is applied to what comes out, as it is to recorded scores.
    """

    def __init__(self, model: nn.Module, normalise: Normalise) -> None:
        super().__init__()
        self.model = model
        for name in ("mean", "std"):
            values = torch.tensor(getattr(normalise, name), dtype=torch.float32)
            self.register_buffer(name, values * 255)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the probabilities."""
        x = (pictures.float() - self.mean) / self.std  # one grey channel becomes as many as mean
        return self.model(x.permute(0, 3, 1, 2)).softmax(1)
