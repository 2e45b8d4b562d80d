"""The criteria as data: `criteria.yaml` read once into checked records."""

from functools import lru_cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

How = Literal["automatic", "documented", "human"]
Phase = Literal["define", "data", "train", "report"]
GRADES = ("not yet", "sound", "strong", "exemplary")
LEAST = {"sound": 50, "strong": 70, "exemplary": 85}  # of 100 points
PHASES = ("define", "data", "train", "report")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(_Row):
    """One of the seven sections; its criteria's points add up to `weight`."""

    code: str
    title: str
    weight: int


class Criterion(_Row):
    """One criterion; `question` and four `levels` belong to human ones alone."""

    code: str
    section: str
    phase: Phase
    title: str
    why: str
    points: int
    how: How
    gate: bool = False
    evidence: str
    fix: str
    guide: tuple[str, ...] = Field(min_length=1)
    sources: tuple[str, ...] = ()
    question: str | None = None
    levels: tuple[str, str, str, str] | None = None

    @property
    def url(self) -> str:
        """Address, on the site, of the guide that teaches it."""
        return f"guides/{self.guide[0]}/"

    @model_validator(mode="after")
    def _human(self) -> "Criterion":
        if (self.how == "human") != (self.question is not None and self.levels is not None):
            raise ValueError(f"{self.code}: question and levels belong to human criteria")
        return self


class Rubric(_Row):
    """Guides by file name with their titles; sections and criteria, in the order of the report."""

    guides: dict[str, str]
    sections: tuple[Section, ...]
    criteria: tuple[Criterion, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> "Rubric":
        for section in self.sections:
            points = sum(c.points for c in self.criteria if c.section == section.code)
            if points != section.weight:
                raise ValueError(f"{section.code}: points add up to {points}")
        if len({c.code for c in self.criteria}) != len(self.criteria):
            raise ValueError("a code stands twice")
        named = {name for c in self.criteria for name in c.guide}
        if named != set(self.guides):
            raise ValueError(f"guides without title or use: {named ^ set(self.guides)}")
        return self

    def criterion(self, code: str) -> Criterion:
        """Return one criterion; raises KeyError for an unknown code."""
        return {c.code: c for c in self.criteria}[code]


@lru_cache
def rubric() -> Rubric:
    """Return the shipped rubric."""
    return Rubric.model_validate(yaml.safe_load(source()))


@lru_cache
def source() -> str:
    """Return the text of `criteria.yaml`: what grades rest on, and part of the cache's key."""
    path = resources.files("proofolio.rubric").joinpath("criteria.yaml")
    return path.read_text(encoding="utf-8")
