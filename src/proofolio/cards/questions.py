"""The questions of both cards: data beside this file, answers from `project.yaml`."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

import yaml

from proofolio.cards import markdown
from proofolio.contract import ProjectError
from proofolio.project import answered

Card = Literal["model_card", "data_card"]
_FILES = {"model_card": "model_questions.yaml", "data_card": "data_questions.yaml"}


@dataclass(frozen=True)
class Question:
    """One question; `recorded` marks those that evidence answers by itself."""

    key: str
    section: str
    question: str
    hint: str
    recorded: bool = False


def questions(card: Card) -> list[Question]:
    """Return the questions of a card in order."""
    return list(_read(card))


@lru_cache
def _read(card: Card) -> tuple[Question, ...]:
    text = resources.files("proofolio.cards").joinpath(_FILES[card]).read_text(encoding="utf-8")
    return tuple(Question(**entry) for entry in yaml.safe_load(text))


class Answers:
    """An author's answers to one card's questions; refuses keys that no question has."""

    def __init__(self, card: Card, given: dict[str, str]) -> None:
        self.questions = questions(card)
        known = [q.key for q in self.questions]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ProjectError(
                f"project.yaml: {card} answers questions that do not exist",
                expected=", ".join(known),
                received=", ".join(unknown),
                remedy="correct the key, or remove it",
            )
        self.given = {key: text for key, text in given.items() if answered(text)}

    def of(self, key: str) -> str:
        """Return an answer as Markdown, or "not answered"."""
        if key not in self.given:
            return markdown.NOT_ANSWERED
        return markdown.paragraphs(self.given[key])

    def asked(self, section: str) -> str:
        """Return the questions of a section, each with its answer."""
        listed = [q for q in self.questions if q.section == section]
        return "\n\n".join(f"**{q.question}**\n\n{self.of(q.key)}" for q in listed)

    @property
    def missing(self) -> list[str]:
        """Keys of the questions that neither the author nor evidence answers."""
        return [q.key for q in self.questions if q.key not in self.given and not q.recorded]

    def counted(self) -> str:
        """Return the sentence for a card's top: how many questions stand unanswered."""
        total, missing = len(self.questions), len(self.missing)
        if not missing:
            return f"All {total} questions of this card are answered."
        named = ", ".join(f"`{key}`" for key in self.missing)
        return f"**{missing} of {total} questions of this card are not answered:** {named}."
