"""What grading one project costs, counted rather than timed: processes started and files opened."""

import sys
from collections import Counter

import pytest

from proofolio.rubric import grade

MOST_PROCESSES = 11  # git: ten, whatever the number of runs; one to spare
MOST_OPENED = 7  # times one file is opened: looked over, read, checked by several rooms
_counting: list[Counter] = []


def _count(event, arguments):
    if _counting and event in ("open", "subprocess.Popen"):
        what = arguments[0] if event == "open" else "process"
        _counting[-1][str(what)] += 1


@pytest.fixture(scope="module")
def effort(whole):
    """How often grading opened each file of the project, and started a process."""
    sys.addaudithook(_count)  # cannot be taken off again; without a counter it does nothing
    grade.examine(whole)
    _counting.append(Counter())
    grade.examine(whole)
    return _counting.pop()


def test_processes_do_not_grow_with_the_runs(effort):
    assert 2 <= effort["process"] <= MOST_PROCESSES


def test_no_file_is_read_again_and_again(effort, whole):
    own = {name: n for name, n in effort.items() if str(whole) in name}
    assert len(own) > 50
    often = {name: n for name, n in own.items() if n > MOST_OPENED}
    assert not often, often
