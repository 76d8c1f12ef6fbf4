"""Avro records as plain mappings, read with fastavro and the committed schemas alone.

The summary and its checks look at the topics like an outsider: nothing here goes through Heed's codec.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeAlias

import fastavro

from streams.kafka.framing import HEADER_SIZE
from streams.kafka.schemas import SchemaSet, schema_directory

Plain: TypeAlias = Mapping[str, Any]


class PlainReader:
    """Reads framed values. Raises RefuseToStart when the schemas cannot be read."""

    def __init__(self) -> None:
        self._schemas = {
            number: schema.parsed for number, schema in SchemaSet.load(schema_directory()).by_id.items()
        }

    def read(self, value: bytes | None) -> Plain | None:
        """The record as field names and values; None when these bytes are no record of ours."""
        if value is None or len(value) < HEADER_SIZE or value[0] != 0:
            return None
        schema = self._schemas.get(int.from_bytes(value[1:HEADER_SIZE], "big"))
        if schema is None:
            return None
        try:
            found: Any = fastavro.schemaless_reader(BytesIO(value[HEADER_SIZE:]), schema, None)
        except Exception:  # noqa: BLE001  # damaged on purpose: whatever fastavro raises, it is no record
            return None
        return found if isinstance(found, dict) else None
