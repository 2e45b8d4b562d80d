"""Networks over sequences of events: a GRU, a small transformer, an autoencoder; all give logits.

A history stands at the front of its sequence and zeros follow. The GRU and the transformer look
only backwards and are read at the event itself, so what follows it cannot reach the result.
"""

import torch
from torch import nn

from proofolio.contract import ProjectError
from proofolio_torch.events.histories import Batch


def _head(inputs: int, width: int, dropout: float, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(width, classes),
    )  # fmt: skip


def _at_event(values: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
    """Return (b, f): of (b, k, f), each row's values at step length - 1."""
    index = (length - 1)[:, None, None].expand(-1, 1, values.shape[2])
    return values.gather(1, index).squeeze(1)


class GRU(nn.Module):
    """A gated recurrent network over the last k events (Cho et al. 2014, arXiv:1406.1078).

    The head sees its state, the event's own step once more, and the event's own features.
    """

    def __init__(
        self,
        steps: int,
        own: int = 0,
        *,
        hidden: int = 64,
        head: int = 64,
        dropout: float = 0.1,
        layers: int = 1,
        classes: int = 2,
    ) -> None:
        """Make one for `steps` columns of a step and `own` features (0: without them)."""
        super().__init__()
        self.own = own
        self.gru = nn.GRU(
            steps, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.head = _head(hidden + steps + own, head, dropout, classes)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return logits (b, classes)."""
        states, _ = self.gru(batch.steps)
        seen = [_at_event(states, batch.length), _at_event(batch.steps, batch.length)]
        return self.head(torch.cat([*seen, *([batch.own] if self.own else [])], dim=1))

    def get_classifier(self) -> nn.Module:
        """Return the head (for `optim.adamw(backbone=..., head=...)`)."""
        return self.head


class Transformer(nn.Module):
    """A causal transformer over the last k events (Vaswani et al. 2017, arXiv:1706.03762).

    Places are counted back from the event. Same inputs and head as `GRU`.
    """

    def __init__(
        self,
        steps: int,
        own: int = 0,
        *,
        k: int,
        hidden: int = 64,
        heads: int = 4,
        layers: int = 2,
        head: int = 64,
        dropout: float = 0.1,
        classes: int = 2,
    ) -> None:
        """Make one for sequences of at most `k` events."""
        super().__init__()
        self.own = own
        self.embed = nn.Linear(steps, hidden)
        self.place = nn.Parameter(torch.randn(k, hidden) * 0.02)
        layer = nn.TransformerEncoderLayer(
            hidden, heads, 2 * hidden, dropout, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = _head(hidden + steps + own, head, dropout, classes)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return logits (b, classes)."""
        k = batch.steps.shape[1]
        ago = batch.length[:, None] - 1 - torch.arange(k, device=batch.length.device)
        x = self.embed(batch.steps) + self.place[ago.clamp(min=0)]
        later = torch.ones(k, k, dtype=torch.bool, device=x.device).triu(1)
        x = self.encoder(x, mask=later)
        seen = [_at_event(x, batch.length), _at_event(batch.steps, batch.length)]
        return self.head(torch.cat([*seen, *([batch.own] if self.own else [])], dim=1))

    def get_classifier(self) -> nn.Module:
        """Return the head (for `optim.adamw(backbone=..., head=...)`)."""
        return self.head


class Autoencoder(nn.Module):
    """An unsupervised detector: what it cannot reconstruct of an event's own features is unusual.

    Gives logits (b, 2), 0 and the logarithm of the mean squared error, so that softmax turns the
    error e into e / (1 + e): scored, stored and ranked like the probability of any other network,
    though it is none. Train it with `reconstruction_loss` and choose its epoch by
    `reconstruction_error`: no label enters.
    """

    def __init__(self, own: int, *, hidden: int = 64, code: int = 4) -> None:
        """Make one for `own` features, squeezed through `code` numbers."""
        super().__init__()
        if own < 1 or code < 1:
            raise ProjectError(
                "an autoencoder needs own features and a code",
                expected="at least one of each",
                received=f"own={own}, code={code}",
            )
        self.encoder = nn.Sequential(nn.Linear(own, hidden), nn.ReLU(), nn.Linear(hidden, code))
        self.decoder = nn.Sequential(
            nn.ReLU(), nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, own)
        )

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return logits (b, 2)."""
        error = (self.decoder(self.encoder(batch.own)) - batch.own).float().square().mean(dim=1)
        logarithm = error.clamp(min=1e-12).log()
        return torch.stack([torch.zeros_like(logarithm), logarithm], dim=1)


def reconstruction_loss(logits: torch.Tensor, _codes: torch.Tensor) -> torch.Tensor:
    """Return the mean reconstruction error of an `Autoencoder`'s batch; codes are not looked at."""
    return (logits[:, 1] - logits[:, 0]).exp().mean()


def reconstruction_error(_y: object, p: "object") -> float:
    """Return the mean reconstruction error from probabilities (n, 2), for `loop.Score`."""
    p = torch.as_tensor(p, dtype=torch.float64)
    return float((p[:, 1] / p[:, 0].clamp(min=1e-12)).mean())
