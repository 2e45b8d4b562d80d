"""Tables of a stranger's evidence, measured before verification holds them.

A Parquet file says of itself how much it holds, and may lie: its footer is compared with limits
first, then its columns are read once, repeated values kept as one, under a limit of memory.
"""

from typing import TYPE_CHECKING

import numpy as np

from proofolio.rubric import limits
from proofolio.rubric.parsing import Refused, one_line
from proofolio.rubric.tree import Tree

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_FILE = 30_000_000  # bytes of one Parquet file
MOST_CELLS = 30_000_000  # rows times columns of one table
MOST_ROWS = 3_000_000
MOST_COLUMNS = 2_000
MOST_UNPACKED = 250_000_000  # bytes of a table once it is unpacked
READING = 300_000_000  # bytes that reading it may take
MOST_LINES, LONGEST_LINE = 400_000, 20_000  # of a CSV file; bytes


def parquet(tree: Tree, name: str) -> None:
    """Raise Refused unless a file is a table of plain columns that can be held."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shown = one_line(name)
    if tree.sizes[name] > MOST_FILE:
        raise Refused(f"{shown} has {tree.sizes[name]:,} bytes, the limit is {MOST_FILE:,}")
    try:
        with tree.opened(name) as stream:
            if stream.read(4) != b"PAR1":
                raise Refused(f"{shown} is no Parquet file")
            with limits.within(READING):
                text = _footer(shown, pq.ParquetFile(stream))
                try:
                    _contents(shown, pq.ParquetFile(stream, read_dictionary=text))
                except (pa.ArrowException, OSError) as error:
                    if "DeltaByteArrayDecoder" not in str(error):
                        raise
                    _contents(shown, pq.ParquetFile(stream))  # text that shares beginnings
    except MemoryError:
        raise Refused(f"{shown} needs over {READING:,} bytes to be read") from None
    except Refused:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise Refused(f"{shown} is no Parquet file: {one_line(str(error), 120)}") from None


def csv(shown: str, data: bytes) -> None:
    """Raise Refused where a CSV file has too many lines, or one that is too long."""
    lines = data.split(b"\n", MOST_LINES)
    if len(lines) > MOST_LINES:
        raise Refused(f"{shown} has over {MOST_LINES:,} lines")
    if (longest := max(map(len, lines))) > LONGEST_LINE:
        raise Refused(f"{shown} has a line of {longest:,} bytes, the limit is {LONGEST_LINE:,}")


def _footer(shown: str, table: "pq.ParquetFile") -> list[str]:
    """Check what a table says of itself; return its columns of text."""
    import pyarrow as pa

    found, schema = table.metadata, table.schema_arrow
    rows, columns = found.num_rows, found.num_columns
    groups = [found.row_group(i) for i in range(min(found.num_row_groups, 10_000))]
    unpacked = sum(group.total_byte_size for group in groups)
    claimed = sum(group.num_rows for group in groups)
    too_many = rows * columns > MOST_CELLS or columns > MOST_COLUMNS
    if not 0 <= rows <= MOST_ROWS or too_many or claimed != rows:
        raise Refused(f"{shown} claims {rows:,} rows of {columns:,} columns")
    if not 0 <= unpacked <= MOST_UNPACKED:
        raise Refused(f"{shown} would unpack to {unpacked:,} bytes")
    text = []
    for column in schema:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not (pa.types.is_primitive(kind) or is_text or pa.types.is_null(kind)):
            raise Refused(f"{shown}: column {one_line(column.name, 40)} is {kind}")
        text += [column.name] if is_text else []
    return text


def _contents(shown: str, table: "pq.ParquetFile") -> None:
    """Read a table group by group, repeated values once, and add up what it would unpack to."""
    unpacked = 0
    for group in range(table.num_row_groups):
        for column in table.read_row_group(group, use_threads=False).columns:
            unpacked += sum(map(_bytes, column.chunks))
            if unpacked > MOST_UNPACKED:
                raise Refused(f"{shown} would unpack to over {MOST_UNPACKED:,} bytes")


def _bytes(chunk: "pa.Array") -> int:
    """Return the bytes of an array once every value is written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(chunk.type) or not len(chunk.dictionary):
        return chunk.nbytes
    lengths = pc.fill_null(pc.binary_length(chunk.dictionary), 0).to_numpy(zero_copy_only=False)
    times = np.bincount(chunk.indices.drop_null().to_numpy(), minlength=len(lengths))
    return int(times @ lengths) + chunk.indices.nbytes
