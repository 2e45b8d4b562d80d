"""The ladder, from a rule on paper to a network over the history of a customer.

    python -m fraud_sequences train --quick

Every rung is a function of a `Study` and returns an `Outcome`; it is called once per fold. It sees
the labels of its training window alone, and says what it fitted on which part. A rung earns its
place by beating the one below it. The Handbook's three classical models come first, with the
settings it chose on its validation weeks.
"""

from typing import TYPE_CHECKING

from fraud_sequences import classical, train
from fraud_sequences.events import Outcome, Study

if TYPE_CHECKING:
    from torch import nn


def autoencoder(study: Study) -> Outcome:
    """Learn to reconstruct the features, without any label: what comes out wrong is unusual."""
    from proofolio_torch.events.networks import Autoencoder, reconstruction_loss

    inputs = study.sequences("train").histories.own.shape[1]
    shape = {name: study.config[name] for name in ("hidden", "code")}
    model = train.seeded(study, lambda: Autoencoder(inputs, **shape))
    return train.fit(study, model, "autoencoder", loss=reconstruction_loss, by="score")


def mlp(study: Study) -> Outcome:
    """Train a small network on the same features as the boosted trees."""
    inputs = study.sequences("train").histories.own.shape[1]
    c = study.config
    model = train.seeded(study, lambda: _of_features(inputs, c["hidden"], c["dropout"]))
    return train.fit(study, model, "network on features")


def gru(study: Study) -> Outcome:
    """Train a recurrent network over the last `k` events, with or without the features."""
    c = study.config
    name = f"GRU over {c['k']} events"
    return train.fit(study, recurrent(study), name, k=c["k"], own=c["features"])


def recurrent(study: Study) -> "nn.Module":
    """Return the network of `gru` with its first weights."""
    from proofolio_torch.events.networks import GRU

    c = study.config
    histories = study.sequences("train", c["k"], own=c["features"]).histories
    sizes = len(histories.names), histories.own.shape[1]
    shape = {name: c[name] for name in ("hidden", "head", "dropout")}
    return train.seeded(study, lambda: GRU(*sizes, **shape))


LADDER = {
    "rules": classical.rules,
    "logistic": classical.logistic,
    "forest": classical.forest,
    "histogram": classical.histogram,
    "boosting": classical.boosting,
    "autoencoder": autoencoder,
    "mlp": mlp,
    "gru": gru,
}


def _of_features(inputs: int, hidden: int, dropout: float) -> "nn.Module":
    """Return two hidden layers over the features of the event itself."""
    from torch import nn

    class OfFeatures(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout),
                nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout),
                nn.Linear(hidden, 2),
            )  # fmt: skip

        def forward(self, batch):
            return self.layers(batch.own)

    return OfFeatures()
