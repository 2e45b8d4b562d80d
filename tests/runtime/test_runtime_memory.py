"""Freed memory is kept: the second use of a large block touches no new page."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import torch
from proofolio_torch import memory

if sys.argv[1] == "keep":
    assert memory.keep_freed()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(64, 1024, 1024)  # 256 MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_a_large_block_is_mapped_once():
    def second_use(mode):
        command = [sys.executable, "-c", PROGRAM, mode]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert second_use("keep") < 1000 < second_use("default")
