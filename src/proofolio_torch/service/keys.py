"""Keys of callers: read from the environment or a file, kept as digests, compared in equal time."""

import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from proofolio_torch.service.refusals import ServiceError

VARIABLE, FILE_VARIABLE = "PROOFOLIO_KEYS", "PROOFOLIO_KEYS_FILE"
SHORTEST = 24  # characters; `secrets.token_urlsafe(24)` has 32


class Keys:
    """Who may ask. Each entry is `NAME:KEY`, or `KEY` alone, which is named key1, key2 and so on.

    The name, never the key, stands in logs and decisions. Two entries of one name let a key be
    replaced without a gap.

    Raises:
        ServiceError: a key that is too short, or that stands twice.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._names: list[str] = []
        self._digests: list[bytes] = []
        for number, entry in enumerate(entries, 1):
            name, colon, key = entry.partition(":")
            name, key = (name.strip(), key.strip()) if colon else (f"key{number}", entry.strip())
            digest = _digest(key.encode())
            if len(key) < SHORTEST or not name or digest in self._digests:
                raise ServiceError(
                    f"key {number} cannot be used",
                    expected=f"NAME:KEY with a key of {SHORTEST} characters or more, each key once",
                    received=f"{len(key)} characters" if digest not in self._digests else "a copy",
                    remedy="python -m proofolio_torch.service new-key",
                )
            self._names.append(name)
            self._digests.append(digest)

    @classmethod
    def read(cls, file: Path | None = None, environ: Mapping[str, str] | None = None) -> "Keys":
        """Return the keys of a file, or of PROOFOLIO_KEYS_FILE, and of PROOFOLIO_KEYS.

        One entry a line, in the variable also separated by commas; empty lines and lines that
        begin with # are left out. They are read once: restart to change them.
        """
        environ = os.environ if environ is None else environ
        file = file or environ.get(FILE_VARIABLE)
        lines = environ.get(VARIABLE, "").replace(",", "\n").splitlines()
        if file:
            try:
                lines += Path(file).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise ServiceError(
                    "the file of keys cannot be read",
                    expected="a UTF-8 text file, one NAME:KEY a line",
                    received=type(error).__name__,
                    remedy=f"check the path in {FILE_VARIABLE} and who may read it",
                ) from None
        return cls(line for line in lines if line.strip() and not line.strip().startswith("#"))

    def __len__(self) -> int:
        return len(self._digests)

    def __repr__(self) -> str:
        return f"Keys({', '.join(self._names)})"

    def name_of(self, key: bytes) -> str | None:
        """Return the name of a key that was presented, or None; every key is compared."""
        digest, found = _digest(key), None
        for name, known in zip(self._names, self._digests, strict=True):
            if hmac.compare_digest(digest, known):
                found = name
        return found


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
