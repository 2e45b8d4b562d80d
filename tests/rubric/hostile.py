"""Grading of a hostile project in processes of its own, with its time and its peak of memory.

One process loads what grading needs; for each project it starts another, which grades by the
product's own workers and says how much memory they and their children had at most.
"""

import json
import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from proofolio.rubric import cohort, report, workers

# Of one project. Memory is all that one process holds, shared pages too; time is that of the clock
# less what other programs took (the load of the machine), or of the processor where that is more.
SECONDS, MEGABYTES = 10.0, 500.0
RUNS = "the check could not be made|could not be graded"


@dataclass(frozen=True)
class Told:
    """What a grading said and took."""

    result: dict[str, Any]
    seconds: float
    megabytes: float

    @property
    def project(self) -> dict[str, Any]:
        """The one project."""
        return self.result["projects"][0]

    @property
    def text(self) -> str:
        """Notes, gates, messages and evidence: all that a reader is told."""
        project = self.project
        lines = [*project["notes"], *(gate["reason"] for gate in project["gates"])]
        lines += [line for c in project["criteria"] for line in (c["message"], *c["evidence"])]
        return "\n".join(lines)

    def within(self, expected: str) -> None:
        """Assert that grading ended well: bounds, a clear line, the schema, no broken check."""
        jsonschema.Draft202012Validator(report.schema()).validate(self.result)
        assert re.search(expected, self.text), self.text
        assert not re.search(RUNS, self.text), self.text
        assert self.seconds < SECONDS
        assert self.megabytes < MEGABYTES


class Grader:
    """The process that grades; `close` ends it."""

    def __init__(self, cache: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(cache)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def grade(self, root: Path, **asked: Any) -> Told:
        """Grade one project; `asked` as `workers.Asked`."""
        self._process.stdin.write(json.dumps({"path": str(root), **asked}) + "\n")
        self._process.stdin.flush()
        return Told(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()


def _serve(cache: Path) -> None:
    """Answer one line of JSON for each line of JSON."""
    workers._preload()
    for number, line in enumerate(sys.stdin):
        asked = json.loads(line)
        path = asked.pop("path")
        child = os.fork()
        if child == 0:
            started = time.monotonic()
            result = cohort.report([path], workers.Asked(cache=cache / str(number), **asked))
            seconds, used = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
            megabytes = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
            seconds /= max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
            seconds = max(seconds, used.ru_utime + used.ru_stime)
            told = {"result": result, "seconds": seconds, "megabytes": megabytes}
            print(json.dumps(told), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
