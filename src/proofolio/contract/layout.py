"""Where everything of a project lies."""

from pathlib import Path


class Layout:
    """Every path of a project, from its root. Only names: nothing is created here."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).resolve()
        self.evidence = self.root / "evidence"
        self.project = self.root / "project.yaml"
        self.table = self.root / "data" / "table.parquet"  # git-ignored
        self.work = self.root / "work"  # git-ignored: caches, weights, resumable state
        self.contract = self.evidence / "contract.json"
        self.dataset = self.evidence / "dataset.json"
        self.examples = self.evidence / "examples.parquet"
        self.duplicates = self.evidence / "duplicates.csv"
        self.hashes = self.evidence / "hashes.parquet"
        self.audit = self.evidence / "audit.json"
        self.runs_log = self.evidence / "runs.jsonl"
        self.runs = self.evidence / "runs"
        self.selection = self.evidence / "selection.json"
        self.test_access = self.evidence / "test_access.jsonl"
        self.results = self.evidence / "results"
        self.references = self.evidence / "references.json"
        self.registry = self.evidence / "registry.json"
        self.figures = self.evidence / "figures"
        self.model_card = self.root / "MODEL_CARD.md"
        self.data_card = self.root / "DATA_CARD.md"

    def split(self, name: str) -> Path:
        """Folder of one split: `split.json` and `parts.csv`."""
        return self.evidence / "splits" / name

    def removed(self, name: str) -> Path:
        """File of the units that a split of events leaves out, per fold."""
        return self.split(name) / "removed.csv"

    def run(self, run_id: str) -> Path:
        """Folder of one run: `run.json`, `predictions.parquet`, `history.csv`."""
        return self.runs / run_id

    def run_work(self, run_id: str) -> Path:
        """Git-ignored folder of one run: weights, state to resume from, its lock."""
        return self.work / "runs" / run_id

    def result(self, name: str) -> Path:
        """File of one result."""
        return self.results / f"{name}.json"
