"""The Schema Registry over real HTTP: a small one that speaks its interface, on a free port."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from streams.domain.mapping import event_from_mapping
from streams.domain.vocabulary import Topic
from streams.errors import RefuseToStart, RegistryUnreachable, UnknownSchema
from streams.kafka.codec import SCHEMA_ON, Codec
from streams.kafka.framing import schema_id_of
from streams.kafka.registry import SchemaRegistry, connected_codec
from streams.kafka.schemas import SchemaSet, schema_directory
from tests.support.registry import answer

OURS = SchemaSet.load(schema_directory())
NO_WAIT = (0.0, 0.0, 0.0)
RECEIPT = event_from_mapping(
    Topic.RECEIPTS,
    {
        "event_id": "e1",
        "patient_id": "P1",
        "version": 1,
        "occurred_at": 1_791_792_000_000,
        "source": "provider",
        "command_id": "c1",
        "status": "DELIVERED",
        "channel": "sms",
    },
)


class Registry(ThreadingHTTPServer):
    """Ids from 501, one for each different schema; ``faults`` are answered before anything else."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.schemas: dict[int, str] = {}
        self.kinds: dict[int, str] = {}
        self.subjects: dict[str, int] = {}
        self.faults: list[int] = []
        self.asked: list[str] = []
        self.authorization: str | None = None
        self.url = f"http://127.0.0.1:{self.server_port}"

    def add(self, text: str, kind: str = "AVRO") -> int:
        number = next((n for n, known in self.schemas.items() if known == text), 501 + len(self.schemas))
        self.schemas[number] = text
        self.kinds[number] = kind
        return number


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        number = int(self.path.rpartition("/")[2])
        if self._fault():
            return
        if number not in self.server.schemas:
            answer(self, 404, {"error_code": 40403, "message": "Schema not found"})
            return
        schema = {"schema": self.server.schemas[number]}
        kind = self.server.kinds[number]
        answer(self, 200, schema if kind == "AVRO" else schema | {"schemaType": kind})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._fault():
            return
        number = self.server.add(body["schema"])
        self.server.subjects[self.path.split("/")[2]] = number
        answer(self, 200, {"id": number})

    def _fault(self) -> bool:
        self.server.asked.append(self.path)
        self.server.authorization = self.headers.get("Authorization")
        if not self.server.faults:
            return False
        answer(self, self.server.faults.pop(0), {"error_code": 50001, "message": "fault"})
        return True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Keep quiet."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    server = Registry()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_our_schemas_get_the_registrys_ids_under_topic_names(registry: Registry) -> None:
    codec = await connected_codec(registry.url, prefix="trust-")
    assert set(registry.subjects) == {f"trust-{topic}-value" for topic in SCHEMA_ON}
    value = codec.encode_event(RECEIPT)
    assert schema_id_of(value) == registry.subjects["trust-receipts-value"]
    assert codec.decode(Topic.RECEIPTS, b"P1", value) == RECEIPT
    again = await connected_codec(registry.url, prefix="trust-")
    assert again.encode_event(RECEIPT) == value


async def test_an_unknown_id_is_learnt_and_then_read(registry: Registry) -> None:
    codec = await connected_codec(registry.url)
    newer = json.loads(json.dumps(OURS.heads["ReceiptEvent"].raw))
    newer["fields"].append({"name": "carrier", "type": ["null", "string"], "default": None})
    number = registry.add(json.dumps(newer))
    value = b"\x00" + number.to_bytes(4, "big") + codec.encode_event(RECEIPT)[5:] + b"\x00"
    with pytest.raises(UnknownSchema):
        codec.decode(Topic.RECEIPTS, b"P1", value)
    assert await codec.learn(number)
    assert codec.decode(Topic.RECEIPTS, b"P1", value) == RECEIPT


async def test_an_unknown_id_is_asked_for_again_and_then_given_up_for_a_while(registry: Registry) -> None:
    source = SchemaRegistry(registry.url, NO_WAIT)
    assert await source.schema(9) is None
    assert registry.asked == ["/schemas/ids/9"] * 4
    assert await source.schema(9) is None
    assert len(registry.asked) == 4


async def test_many_unknown_ids_are_asked_for_once_each(registry: Registry) -> None:
    source = SchemaRegistry(registry.url, NO_WAIT)
    for number in range(1, 11):
        assert await source.schema(number) is None
    assert registry.asked.count("/schemas/ids/10") == 1


async def test_a_schema_registered_meanwhile_is_found(registry: Registry) -> None:
    number = registry.add(json.dumps(OURS.heads["ReceiptEvent"].raw))
    registry.faults = [404, 503]
    schema = await SchemaRegistry(registry.url, NO_WAIT).schema(number)
    assert schema is not None
    assert schema.same_as(OURS.heads["ReceiptEvent"])


async def test_a_registry_in_trouble_says_nothing_about_the_record(registry: Registry) -> None:
    registry.faults = [500] * 4
    with pytest.raises(RegistryUnreachable, match="HTTP 500"):
        await SchemaRegistry(registry.url, NO_WAIT).schema(1)


async def test_a_schema_that_is_not_avro_stays_unknown(registry: Registry) -> None:
    number = registry.add('syntax = "proto3";', "PROTOBUF")
    assert await SchemaRegistry(registry.url, ()).schema(number) is None


@pytest.mark.parametrize(("status", "words"), [(409, "not compatible"), (401, "refuses access")])
async def test_a_refusal_stops_the_start(registry: Registry, status: int, words: str) -> None:
    registry.faults = [status]
    with pytest.raises(RefuseToStart, match=words):
        await connected_codec(registry.url)


async def test_no_registry_there_stops_the_start_with_one_line(registry: Registry) -> None:
    source = SchemaRegistry("http://127.0.0.1:9", NO_WAIT)
    with pytest.raises(RegistryUnreachable, match="no answer from the schema registry at http://127.0.0.1:9"):
        await source.schema(1)


async def test_credentials_go_into_a_header_and_not_into_messages(registry: Registry) -> None:
    registry.faults = [500]
    url = registry.url.replace("http://", "http://heed:se%3Acret@")
    with pytest.raises(RegistryUnreachable) as raised:
        await SchemaRegistry(url, ()).schema(1)
    assert registry.authorization == "Basic aGVlZDpzZTpjcmV0"
    assert "cret" not in str(raised.value)


def test_an_address_that_is_none_is_refused() -> None:
    for url in ("registry:8081", "file:///schemas", ""):
        with pytest.raises(RefuseToStart, match="HEED_SCHEMA_REGISTRY_URL"):
            SchemaRegistry(url)


def test_the_local_codec_needs_no_registry() -> None:
    assert schema_id_of(Codec.local().encode_event(RECEIPT)) == OURS.id_of_head("ReceiptEvent")
