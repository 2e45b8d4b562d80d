"""A case study's command `serve` in a process of its own, and requests to it."""

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

KEY = "a-key-that-opens-nothing-else"
COUNTED = re.compile(r"^proofolio_network_(?:calls|pictures)_total (\S+)", re.MULTILINE)


class Service:
    """The command `serve` of a case, run in `folder`, and the most memory it ever took, in MB."""

    def __init__(self, case: Path, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        paths = os.pathsep.join([str(case / "src"), *filter(None, sys.path)])
        command = [sys.executable, "-m", case.name, "serve", "--port", str(self.port)]
        environ = os.environ | {"PYTHONPATH": paths, "PROOFOLIO_KEYS": f"bench:{KEY}"}
        self._served = subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.DEVNULL)
        self._process, self.most_mb = psutil.Process(self._served.pid), 0.0
        self._end, self._watch = threading.Event(), threading.Thread(target=self._watched)

    def __enter__(self) -> "Service":
        while not self._up():
            if self._served.poll() is not None:
                raise RuntimeError("the service did not start")
            time.sleep(0.1)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._served.terminate()
        self._served.wait()
        if self._watch.ident:
            self._watch.join()

    def counts(self) -> tuple[float, float]:
        """Return calls of the network until now, and pictures in them."""
        calls, pictures = COUNTED.findall(get(self.port, "/metrics")[1].decode())
        return float(calls), float(pictures)

    def _up(self) -> bool:
        try:
            return get(self.port, "/health")[0] == 200
        except OSError:
            return False

    def _watched(self) -> None:
        while not self._end.wait(0.02):
            try:
                self.most_mb = max(self.most_mb, self._process.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                return


def connection(port: int) -> http.client.HTTPConnection:
    """Return a connection to a service on this machine."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def get(port: int, path: str) -> tuple[int, bytes]:
    """Return status and text of a path."""
    line = connection(port)
    line.request("GET", path, headers={"X-API-Key": KEY})
    answer = line.getresponse()
    found = answer.status, answer.read()
    line.close()
    return found


def post(line: http.client.HTTPConnection, sent: bytes, key: str = KEY) -> tuple[int, bytes]:
    """Score over an open connection; return status and text."""
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    with suppress(BrokenPipeError, ConnectionResetError):  # refused before the body was read
        line.request("POST", "/score", sent, headers)
    answer = line.getresponse()
    found = answer.status, answer.read()
    if answer.will_close:
        line.close()  # the next request opens it again
    return found
