"""Fixtures of the evidence room's tests."""

import shutil

import pytest
import recorded

from proofolio import scoring
from proofolio.evidence import standing


@pytest.fixture(scope="module")
def few_draws():
    """Resample 100 times instead of 2,000: these tests are about files, not about intervals."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(scoring.score.__kwdefaults__, "resamples", 100)
        patch.setitem(standing.DRAWN, "resamples", 100)
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory, few_draws):
    """The root of a project whose whole ladder is trained; never changed by a test."""
    root = tmp_path_factory.mktemp("trained") / "project"
    recorded.trained(root)
    return root


@pytest.fixture
def ready(template, tmp_path):
    """A copy of the module's template: its layout and what its author wrote."""
    root = shutil.copytree(template, tmp_path / "project")
    return recorded.Layout(root), recorded.project.load(root)
