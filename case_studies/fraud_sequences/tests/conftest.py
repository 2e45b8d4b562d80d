"""A small finished project on the simulator, made once for all tests."""

import shutil
from pathlib import Path

import pytest
import small_world
from proofolio.contract import Layout
from test_contract import ROOT

from fraud_sequences import export


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """A trained project without a selection; not to be changed."""
    return small_world.make(tmp_path_factory.mktemp("world") / "project", ROOT).root


@pytest.fixture(scope="session")
def root(plain):
    """The same, with boosting selected, exported and registered; not to be changed."""
    copy = plain.with_name("exported")
    shutil.copytree(plain, copy)
    assert small_world.selected(Layout(copy)) == "boosting"
    export.champion(copy)
    return copy


@pytest.fixture
def own(root, tmp_path):
    """A copy to break."""
    return Path(shutil.copytree(root, tmp_path / "own"))
