"""The model card and the data card: written from evidence and the author's answers.

Scope: two Markdown files whose every measured number is a claim. Nothing is computed here.
"""

from proofolio import claims, files
from proofolio.cards import data, model
from proofolio.cards.questions import Answers, Question, questions
from proofolio.contract import Layout
from proofolio.figures import Facts
from proofolio.project import Project

__all__ = ["Answers", "Question", "questions", "texts", "write"]


def texts(layout: Layout, project: Project) -> dict[str, str]:
    """Return both cards by file name, every claim bound to evidence; nothing is written."""
    facts = Facts(layout, project)
    cards = {layout.model_card.name: model.text(facts), layout.data_card.name: data.text(facts)}
    return {name: claims.bind(text, facts.resolve, name) for name, text in cards.items()}


def write(layout: Layout, project: Project) -> bool:
    """Write MODEL_CARD.md and DATA_CARD.md; return whether either changed."""
    made = texts(layout, project)
    return any([files.write_text(layout.root / name, text) for name, text in made.items()])
