"""Shared test set-up: the builders are importable, nothing may call a network."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def chromium():
    """A headless browser, closed with its module: two at once in a process refuse to start."""
    import browser

    with browser.launched() as started:
        yield started
