"""The network of a recorded run as one graph: a picture's bytes in, probabilities and energy out.

    python -m dog_breeds export

A fine-tuned run kept its weights. A frozen run did not: its backbone is loaded and its probe fitted
again on the features of train, in float32, which needs the photographs. Rounding may then differ
from what was recorded, so an export measures how far.
"""

from typing import Any, NamedTuple

import torch
from proofolio import project as projects
from proofolio import table
from proofolio.contract import Layout, Run, RunError, TableError
from torch import nn

from dog_breeds import backbone, dataset, models

FROZEN = ("frozen", "mirrored")
OUTPUTS = ("probabilities", "energy")
CLIP = 1e-7  # of probabilities before calibration, as `proofolio` clips them


class Network(NamedTuple):
    """What `Answer` is made of.

    Attributes:
        body: normalised pictures (b, 3, h, w) to features, or to logits where there is no head.
        head: features to logits; they are averaged over the views before it.
        normalise: what the body expects.
        mirror: whether the mirror image is looked at as well.
    """

    body: nn.Module
    head: nn.Module | None
    normalise: Any
    mirror: bool


class Answer(nn.Module):
    """A picture to calibrated probabilities and energy.

    Input: uint8 (size, size, 3), red, green, blue. Output: float32 (classes,), and the energy
    -logsumexp of the logits as float32 (1,); without a head both are means over the views.
    """

    def __init__(self, network: Network, temperature: float) -> None:
        super().__init__()
        self.body, self.head, self.mirror = network.body, network.head, network.mirror
        self.temperature = temperature
        for name in ("mean", "std"):
            values = torch.tensor(getattr(network.normalise, name), dtype=torch.float32)
            self.register_buffer(name, values * 255)

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return probabilities and energy of one picture."""
        x = ((picture.float() - self.mean) / self.std).permute(2, 0, 1).unsqueeze(0)
        x = self.body(torch.cat([x, x.flip(3)]) if self.mirror else x)
        logits = x if self.head is None else self.head(x.mean(0, keepdim=True))
        p = logits.softmax(1).mean(0).clamp(CLIP, 1 - CLIP)
        energy = -logits.logsumexp(1).mean(0, keepdim=True)
        return (p.log() / self.temperature).softmax(0), energy


def of(layout: Layout, run: Run) -> Network:
    """Return the network that a run of a frozen or fine-tuned rung stands for.

    Raises:
        RunError: the run has no such network, or its weights are not on this machine.
        TableError: the photographs, which a frozen run needs, are not here.
    """
    from proofolio_torch import data, export

    if run.rung not in (*FROZEN, "finetuned"):
        raise RunError(
            f"run {run.id} has no network to export",
            expected="a run of frozen, mirrored or finetuned",
            received=run.rung,
        )
    if run.rung in FROZEN:
        return _probed(layout, run)
    untrained = run.model_copy(update={"config": run.config | {"weights": None}})
    author = projects.load(layout.root)
    model, info = models.NETWORKS[run.rung](dataset.Study(layout, author, _no_rows(), untrained))
    kept = export.fitted(layout, run)
    if kept is None:
        raise RunError(f"the weights of run {run.id} are not here", remedy="train it here again")
    mirror = run.config.get("test_flip", False)
    return Network(export.load(model, kept).eval(), None, data.Normalise.of(info), mirror)


def _probed(layout: Layout, run: Run) -> Network:
    """Load the backbone, and fit the probe on train's features as the run did."""
    from proofolio_torch import data, device, record, weights
    from proofolio_torch import features as kept

    author = projects.load(layout.root)
    if not layout.table.is_file() or not (layout.root / author.data.raw).is_dir():
        raise TableError(
            f"the photographs are not here, and the probe of run {run.id} is fitted on them",
            remedy="run the step prepare",
        )
    silent = record.Companion(layout, author, run.name, run.seed, run.id)
    silent.config = run.config
    rows = table.read(layout)
    train = silent.parts.loc[silent.parts["part"] == "train", "id"]
    study = dataset.Study(layout, author, rows[rows["id"].isin(train)], silent)
    c = run.config
    model, info = weights.create(
        c["backbone"], 0, weights=c["weights"], folder=layout.work / "weights"
    )
    mirror = bool(c.get("mirror"))
    normalise = data.Normalise.of(info)
    found = kept.extract(
        backbone.mirrored(model) if mirror else model,
        study.images(),
        normalise=normalise,
        runtime=device.Runtime("cpu", "float32", "channels_last", "as the export computes"),
        folder=layout.work / "features",
        weights_sha256=info.sha256,
    )
    weight, bias = backbone.folded(backbone.probe(study, found.rows(study.ids("train"))))
    head = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(bias))
    return Network(model.eval(), head, normalise, mirror)


def _no_rows() -> Any:
    import pandas as pd

    return pd.DataFrame({"id": []})
