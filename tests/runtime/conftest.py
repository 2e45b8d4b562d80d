"""Fixtures of the runtime tests: pictures on disk and their cache."""

import gc

import pytest
import torch
from runtime_support import SIZE, write_pictures

from proofolio_torch import cache


@pytest.fixture(scope="session", autouse=True)
def quick_garbage_collection():
    """accelerate collects twice per training, half a second each with all of torch to look at."""
    import accelerate  # noqa: F401
    import timm  # noqa: F401

    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Sums depend on the number of threads: one, for fixtures of every scope, so runs are equal."""
    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def one_thread_again(one_thread):
    """Undo what a test of threads did, before the next fixture of any scope is made."""
    yield
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    return root, write_pictures(root)


@pytest.fixture(scope="session")
def images(pictures, tmp_path_factory):
    root, table = pictures
    return cache.build(root, table, size=SIZE, folder=tmp_path_factory.mktemp("cache"))
