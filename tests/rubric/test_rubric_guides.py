"""Criteria lead to guides that exist, under the titles they have."""

from pathlib import Path

import yaml

from proofolio.rubric.criteria import rubric

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


def front_matter(path):
    """Return the front matter of a page."""
    return yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])


def test_every_guide_of_the_rubric_stands_under_its_title():
    told = {path.stem: front_matter(path)["title"] for path in GUIDES.glob("*.md")}
    assert rubric().guides.items() <= told.items()
