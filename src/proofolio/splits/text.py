"""The text of a split's tables, the same on every platform."""

import csv
import io

import pandas as pd


def parts_text(parts: pd.DataFrame) -> str:
    """Return a table of a split as CSV: LF, a quote only where a value needs one."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(parts.columns)
    # Lists, not rows of the frame: iterating over Arrow strings is five times slower.
    writer.writerows(zip(*(parts[c].astype(object).tolist() for c in parts), strict=True))
    return stream.getvalue()


def read_table(data: bytes) -> pd.DataFrame:
    """Return a table of a split from its bytes; every column but counts and fold is text.

    An id may read "NA" or "007".
    """
    frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, na_filter=False)
    whole = [c for c in ("fold", "n_examples", "n_positive", "n_units") if c in frame]
    return frame.astype(dict.fromkeys(whole, "int64"))
