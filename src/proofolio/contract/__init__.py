"""Names, schemas and errors of the evidence contract, version 1: where all rooms meet."""

from proofolio.contract.layout import (
    Layout,
)
from proofolio.contract.refusals import (
    ClaimError,
    LeakageError,
    MetricError,
    ProjectError,
    ProofError,
    RunError,
    SealError,
    SplitError,
    StaleError,
    TableError,
)
from proofolio.contract.runs import (
    Calibration,
    Change,
    Decision,
    Fitted,
    Git,
    Metric,
    ModelInfo,
    Run,
    Tuned,
)
from proofolio.contract.schemas import (
    Candidate,
    Choice,
    Contract,
    Dataset,
    Finding,
    ListedStrategy,
    Purpose,
    Reference,
    Result,
    Selection,
    SplitInfo,
    Strategy,
)

CONTRACT_VERSION = 1
OOD = "ood"  # examples of none of a split's classes: scored without a label, never in a metric
IMAGE_PARTS = ("train", "val", "calib", "test", OOD, "excluded")
SCORED_PARTS = ("val", "calib", "test")
PREDICTED_PARTS = (*SCORED_PARTS, OOD)
EVENT_PARTS = ("train", "delay", "score")  # the windows of one fold, in this order

__all__ = [
    "CONTRACT_VERSION",
    "EVENT_PARTS",
    "IMAGE_PARTS",
    "OOD",
    "PREDICTED_PARTS",
    "SCORED_PARTS",
    "Calibration",
    "Candidate",
    "Change",
    "Choice",
    "ClaimError",
    "Contract",
    "Dataset",
    "Decision",
    "Finding",
    "Fitted",
    "Git",
    "Layout",
    "LeakageError",
    "ListedStrategy",
    "Metric",
    "MetricError",
    "ModelInfo",
    "ProjectError",
    "ProofError",
    "Purpose",
    "Reference",
    "Result",
    "Run",
    "RunError",
    "SealError",
    "Selection",
    "SplitError",
    "SplitInfo",
    "StaleError",
    "Strategy",
    "TableError",
    "Tuned",
]
