"""The refusals of the project: each says what, expected, received, remedy."""


class ProofError(Exception):
    """A refusal that names what is wrong, what was expected, what was received and the remedy.

    The four are also attributes of these names, for an answer that is not text.
    """

    def __init__(
        self, what: str, *, expected: str = "", received: str = "", remedy: str = ""
    ) -> None:
        self.what, self.expected, self.received, self.remedy = what, expected, received, remedy
        named = (("expected", expected), ("received", received), ("remedy", remedy))
        super().__init__("\n".join([what, *(f"  {k}: {v}" for k, v in named if v)]))


class TableError(ProofError, ValueError):
    """The example table breaks its schema or its files cannot be read."""


class ProjectError(ProofError, ValueError):
    """`project.yaml` or an argument about it is wrong."""


class LeakageError(ProofError, ValueError):
    """A unit or cluster stands on two sides of a split."""


class SplitError(ProofError, ValueError):
    """A split cannot be made as asked."""


class StaleError(ProofError, ValueError):
    """A recorded hash no longer matches the file it was taken from."""


class SealError(ProofError, PermissionError):
    """Test labels were asked for before the choice was written down and committed."""


class RunError(ProofError, RuntimeError):
    """A run breaks a rule of the record: parent, seeds, second writer, predictions."""


class MetricError(ProofError, ValueError):
    """A metric cannot be computed from what was given."""


class ClaimError(ProofError, ValueError):
    """A claim names an unknown subject or path, or stands where Markdown breaks it."""
