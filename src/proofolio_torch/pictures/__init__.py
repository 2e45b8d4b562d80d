"""Images in operation: a network as ONNX, answers over HTTP, and a watch on what comes in.

    export.write(seen, author, how)     a recorded run as ONNX, with what that costs
    ImageScorer(Exported(folder))       a scorer for `proofolio_torch.service`
    monitor.compare(folder, records)    signs against the reference that the export wrote

Needs the extra `serve`.
"""

from proofolio_torch.pictures.exported import Exported
from proofolio_torch.pictures.scorer import ImageScorer

__all__ = ["Exported", "ImageScorer"]
