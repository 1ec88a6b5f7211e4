"""Parquet files as tables; those in the layout of Hugging Face hold the images too.

There an image is a column of bytes, or of ``{"bytes": …, "path": …}``, and the names of classes stand in the
metadata of the file. Nothing is executed, and images are read a few rows at a time.

Source: https://huggingface.co/docs/datasets (Parquet files written by ``Dataset.to_parquet``).
"""

from __future__ import annotations

import json
import math
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from fairdd_core.data.custom.options import MAX_IMAGES, MAX_TABLE_BYTES

_BATCH, _KEPT = 32, 3
"""Rows that are read at a time, and batches that are kept: threads ask for rows out of order."""
_FAR = 5000
"""Rows to skip by reading; beyond them the group of rows is looked up."""
_MOST_COLUMNS = 1000


@dataclass(frozen=True)
class ParquetTable:
    """The columns of a Parquet file without its images.

    Attributes:
        header: names of the columns of text, numbers and truth values.
        rows: their values as text; missing ones are "".
        image: the column of the images; empty where there is none.
    """

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    image: str


class ParquetFile:
    """An open Parquet file.

    Raises:
        ValueError: when it is damaged, or larger than a table may be.
    """

    def __init__(self, file: IO[bytes]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._lock = threading.Lock()
        try:
            self._file = pq.ParquetFile(file)
            self._schema = self._file.schema_arrow
        except (pa.ArrowException, OSError, ValueError) as error:
            raise ValueError(f"not a Parquet file, or a damaged one ({error})") from error
        self.image = next((f.name for f in self._schema if _is_image(f.type)), "")
        self.rows = int(self._file.metadata.num_rows)
        self._coming: Iterator[Any] | None = None
        self._next = 0
        self._kept: deque[tuple[int, Any]] = deque(maxlen=_KEPT)

    def table(self) -> ParquetTable:
        """Return the columns that are no images.

        Raises:
            ValueError: when they are damaged, too many or too large.
        """
        import pyarrow as pa

        plain = [f.name for f in self._schema if _is_plain(f.type)]
        if len(plain) > _MOST_COLUMNS or self.rows > MAX_IMAGES:
            raise ValueError(
                f"{self.rows:,} rows and {len(plain):,} columns, which is more than a table may have"
            )
        if self._bytes_of(plain) > MAX_TABLE_BYTES:
            raise ValueError(f"more than {MAX_TABLE_BYTES // 10**6} MB without the images")
        names = self._names_of_classes()
        try:
            content = self._file.read(columns=plain).to_pydict()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise ValueError(f"it is damaged ({error})") from error
        columns = [[_text(value, names.get(name, ())) for value in content[name]] for name in plain]
        rows: list[tuple[str, ...]] = list(zip(*columns, strict=True)) if plain else [()] * self.rows
        return ParquetTable(tuple(plain), rows, self.image)

    def read(self, row: int, limit: int) -> bytes:
        """Return at most ``limit`` bytes of the image of a row; rows in order are read once.

        Raises:
            OSError: when there is none, or it cannot be read.
        """
        import pyarrow as pa

        with self._lock:
            try:
                content = self._cell(row).as_py()
            except (pa.ArrowException, StopIteration, ValueError) as error:
                raise OSError(f"damaged in the Parquet file ({error})") from error
        if isinstance(content, dict):
            content = content.get("bytes")
        if not isinstance(content, bytes):
            raise OSError("the Parquet file has no image in this row")
        return content[:limit]

    def _cell(self, row: int) -> Any:
        while True:
            for start, cells in self._kept:
                if start <= row < start + len(cells):
                    return cells[row - start]
            if self._coming is None or not self._next <= row < self._next + _FAR:
                self._coming = self._batches_from(row)
            cells = next(self._coming).column(0)
            self._kept.append((self._next, cells))
            self._next += len(cells)

    def _batches_from(self, row: int) -> Iterator[Any]:
        """Return the batches from the group of rows that holds this row."""
        metadata, start, group = self._file.metadata, 0, 0
        while group < metadata.num_row_groups - 1 and row >= start + metadata.row_group(group).num_rows:
            start += metadata.row_group(group).num_rows
            group += 1
        groups = range(group, metadata.num_row_groups)
        self._next = start
        self._kept.clear()
        return iter(self._file.iter_batches(_BATCH, groups, columns=[self.image], use_threads=False))

    def _bytes_of(self, columns: list[str]) -> int:
        metadata = self._file.metadata
        chunks = (
            metadata.row_group(g).column(c)
            for g in range(metadata.num_row_groups)
            for c in range(metadata.num_columns)
        )
        return sum(int(c.total_uncompressed_size) for c in chunks if c.path_in_schema in columns)

    def _names_of_classes(self) -> dict[str, list[str]]:
        """Return the names of the classes of columns of numbers, from the metadata of Hugging Face."""
        try:
            stated = json.loads((self._schema.metadata or {})[b"huggingface"])["info"]["features"]
            return {
                str(column): [str(name) for name in feature["names"]]
                for column, feature in stated.items()
                if isinstance(feature, dict) and isinstance(feature.get("names"), list)
            }
        except (KeyError, ValueError, TypeError, AttributeError):
            return {}


def _is_image(kind: Any) -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        return any(
            kind.field(i).name == "bytes" and _is_bytes(kind.field(i).type) for i in range(kind.num_fields)
        )
    return _is_bytes(kind)


def _is_bytes(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _is_plain(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_temporal(kind)
    )


def _text(value: Any, names: list[str] | tuple[str, ...]) -> str:
    """Return a value as text; a number of a class by its name, and none for -1, which means unknown."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if names and isinstance(value, int) and not isinstance(value, bool):
        return names[value] if 0 <= value < len(names) else "" if value == -1 else str(value)
    return str(value)
