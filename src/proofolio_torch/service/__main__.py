"""Keys and decision logs of a service: `python -m proofolio_torch.service verify-log PATH`."""

import secrets
import sys
from pathlib import Path

import tyro

from proofolio.contract import ProofError
from proofolio_torch.service.anchored import verify

app = tyro.extras.SubcommandApp()


@app.command(name="new-key")
def new_key(name: str = "caller") -> None:
    """Print a new key as NAME:KEY, a line for the file of keys; it is kept nowhere."""
    print(f"{name}:{secrets.token_urlsafe(32)}")


@app.command(name="verify-log")
def verify_log(
    path: tyro.conf.Positional[Path], anchors: Path | None = None, head: str | None = None
) -> None:
    """Say whether a decision log is whole; exit status 1 where it is not.

    Args:
        path: the log.
        anchors: its anchors, PATH.anchors by default.
        head: a head that was kept elsewhere, LINES:SHA256.
    """
    verdict = verify(path, anchors, head=head)
    print(f"head {verdict.head.text}, {verdict.anchored} lines anchored")
    for problem in verdict.problems:
        print(f"broken: {problem}")
    if verdict.problems:
        sys.exit(1)


if __name__ == "__main__":
    try:
        app.cli(prog="python -m proofolio_torch.service", description=__doc__)
    except ProofError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
