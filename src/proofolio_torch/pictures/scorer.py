"""Answer pictures over HTTP: an exported network, and behind it no decision but a person's.

    from proofolio_torch import pictures, service
    scorer = pictures.ImageScorer(pictures.Exported("work/serving"))
    service.serve(scorer, settings=service.Settings(keys=service.Keys.read(), body_bytes=1 << 24))

A picture is sent as base64 in JSON. It is kept nowhere: the log has its id, score, decision and
statistics, which `monitor` reads.
"""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from proofolio_torch.pictures import opened
from proofolio_torch.pictures.batches import Batches
from proofolio_torch.pictures.exported import Exported
from proofolio_torch.service.refusals import RequestRefused
from proofolio_torch.service.scorer import Scored, Scorer

REFER = "refer"  # no decision: a person looks
MOST_TOGETHER = 2 * opened.MOST_PIXELS  # of a request: decoding them takes seconds


class Picture(BaseModel):
    """A picture to score."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-~]+$")]
    image: Annotated[Base64Bytes, Field(description="a JPEG, PNG or WebP file")]


class Answered(Scored):
    """The answer to a picture: probabilities by class, and statistics of what came in."""

    probabilities: dict[str, float]
    inputs: dict[str, float]


class Prepared(NamedTuple):
    """Pictures of one request, decoded."""

    ids: list[str]
    pictures: list[opened.Opened]


class ImageScorer(Scorer):
    """Scores of pictures by an exported network; without it every answer is `refer`.

    Args:
        exported: the network and what stands beside it.
        most_bytes: of one file.
        most_pixels: of one picture, as its header claims.
        most_together: of all pictures of a request, as their headers claim.
        batch: pictures that go through the network together at most.
    """

    item, answer, rules_name = Picture, Answered, "nobody: refer to a person"

    def __init__(
        self,
        exported: Exported,
        *,
        most_bytes: int = opened.MOST_BYTES,
        most_pixels: int = opened.MOST_PIXELS,
        most_together: int = MOST_TOGETHER,
        batch: int = 32,
    ) -> None:
        self.exported, self.name = exported, exported.about["project"]
        self._limits = {"most_bytes": most_bytes, "most_pixels": most_pixels}
        self._together = most_together
        self._score = Batches(exported.probabilities, batch)

    def load(self) -> None:
        """Open the network and let one grey picture through it."""
        self.exported.load()
        about = self.exported.about
        self._score([np.full((about["size"], about["size"], about["channels"]), 128, np.uint8)])

    def versions(self) -> dict[str, str | None]:
        """Return the run, its weights and the exported file."""
        return {k: self.exported.about[k] for k in ("run", "weights_sha256", "onnx_sha256")}

    def counts(self) -> dict[str, int]:
        """Return calls of the network and pictures in them: how many go through it together."""
        return {"network_calls": self._score.calls, "network_pictures": self._score.pictures}

    def prepare(self, items: Sequence[Picture]) -> Prepared:
        """Decode the pictures of a request.

        Raises:
            RequestRefused: one is no picture, is damaged or too large; nothing is scored then.
        """
        named = [(item.image, {"name": f"picture {item.id}", **self._limits}) for item in items]
        claims = sum(opened.claimed(image, **told) for image, told in named)
        if claims > self._together:
            raise RequestRefused(
                "the pictures of the request have too many pixels together",
                status=413,
                expected=f"{self._together:,} at most",
                received=f"{claims:,}",
                remedy="send fewer or smaller pictures at a time",
            )
        found = [self.exported.read(image, **told) for image, told in named]
        return Prepared([item.id for item in items], found)

    def model(self, prepared: Prepared) -> list[Answered]:
        """Return the network's probabilities, score and decision of each picture."""
        p = self._score([o.pixels for o in prepared.pictures])
        classes = self.exported.about["classes"]
        return [
            self._answer(id, o, score, decision, dict(zip(classes, map(float, row), strict=True)))
            for id, o, row, (score, decision) in zip(
                *prepared, p, self.exported.scored(p), strict=True
            )
        ]

    def rules(self, prepared: Prepared) -> list[Answered]:
        """Return no decision: the share of the positive class (or the largest) as the score."""
        prior = self.exported.about["prior"]
        return [self._answer(id, o, prior, REFER, {}) for id, o in zip(*prepared, strict=True)]

    def _answer(self, id: str, o: opened.Opened, *told: Any) -> Answered:
        score, decision, p = told
        threshold = self.exported.about["threshold"]
        return Answered(
            id=id,
            score=score,
            threshold=threshold,
            decision=decision,
            probabilities=p,
            inputs=o.statistics,
        )
