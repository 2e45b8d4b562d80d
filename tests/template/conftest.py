"""Shared by the tests of the template."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rendering import render


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """A project rendered with default answers; read it, do not change it."""
    return render(tmp_path_factory.mktemp("generated"))


@pytest.fixture(scope="session")
def generated_events(tmp_path_factory):
    """The same for events."""
    return render(tmp_path_factory.mktemp("events"), kind="events")


@pytest.fixture(params=["generated", "generated_events"])
def of_kind(request):
    """Each of the two in turn."""
    return request.getfixturevalue(request.param)
