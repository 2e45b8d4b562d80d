import shutil

import pytest
from rubric import graded


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A project that earns every automatic point, made once; never changed by a test."""
    return graded.finish(tmp_path_factory.mktemp("whole") / "tiny")


@pytest.fixture
def root(whole, tmp_path):
    """A copy of it to plant a fault in."""
    return shutil.copytree(whole, tmp_path / "tiny", symlinks=True)
