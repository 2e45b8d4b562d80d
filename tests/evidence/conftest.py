"""Fixtures of the evidence room's tests."""

import pytest

from proofolio import scoring
from proofolio.evidence import summary


@pytest.fixture(scope="module")
def few_draws():
    """Resample 100 times instead of 2,000: these tests are about files, not about intervals."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(scoring.score.__kwdefaults__, "resamples", 100)
        patch.setitem(summary._DRAWN, "resamples", 100)
        yield
