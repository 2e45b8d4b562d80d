"""Memory of a process that reads a stranger's files: bounded by the kernel where it can be.

On Linux `RLIMIT_DATA` counts every private page that may be written, and programs started from
here (git) inherit it; an allocation beyond it fails as `MemoryError`, or ends the process.
`RLIMIT_AS` would count gigabytes that Arrow and OpenBLAS reserve and never touch. macOS accepts
the limit and ignores it, so there a thread looks at the peak ten times a second and ends the
process; Windows has neither, and the limit of time alone holds.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_BETWEEN = 0.1  # seconds from look to look


def bound(most: int) -> None:
    """Bound this process for good: `most` bytes beyond what it holds now.

    Arrow takes its memory from the system from here on: its own allocator asks for a gibibyte.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform == "linux":
        _set(most, hard=True)
    elif os.name == "posix":
        watch(most)


@contextmanager
def within(most: int) -> Iterator[None]:
    """Bound a block, in a process that is bounded already; elsewhere do nothing."""
    import pyarrow as pa

    if sys.platform != "linux" or pa.default_memory_pool().backend_name != "system":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    _set(most, hard=False)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def watch(most: int) -> None:
    """Start a thread that ends this process once its peak has grown by `most` bytes.

    Linux hands the peak of the program before on to the one it executes: growth below it is unseen.
    """
    start = peak()

    def look() -> None:
        while peak() - start < most:
            time.sleep(_BETWEEN)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def peak() -> int:
    """Return the most bytes that this process ever had in memory."""
    import resource

    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024


def _set(most: int, *, hard: bool) -> None:
    import resource

    with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
        held = next((int(x.split()[1]) for x in stream if x.startswith("VmData:")), 0) * 1024
    _, allowed = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + most if allowed == resource.RLIM_INFINITY else min(held + most, allowed)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, wanted if hard else allowed))
