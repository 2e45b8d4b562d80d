import shutil

import pytest
from verify.proven import few_resamples, proven, strip


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    """A sound project, made once; never changed by a test."""
    with pytest.MonkeyPatch.context() as patch:
        few_resamples(patch)
        return proven(tmp_path_factory.mktemp("sound") / "tiny")


@pytest.fixture
def root(sound, tmp_path):
    """A copy of the sound project to plant a fault in."""
    return shutil.copytree(sound, tmp_path / "tiny", symlinks=True)


@pytest.fixture
def unopened(root):
    """The same before selection and opening, without git."""
    strip(root, keep_runs=True)
    return root


@pytest.fixture
def runless(root):
    """The same before any run."""
    strip(root, keep_runs=False)
    return root
