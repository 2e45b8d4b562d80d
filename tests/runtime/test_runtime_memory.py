"""Freed memory is kept: large blocks are not mapped anew at each use."""

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
for _ in range(32):
    torch.ones(8, 1024, 1024)  # 32 MB
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(32):
    torch.ones(8, 1024, 1024)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_large_blocks_are_used_again():
    def later_faults(mode):
        command = [sys.executable, "-c", PROGRAM, mode]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert later_faults("keep") < later_faults("default") / 2
