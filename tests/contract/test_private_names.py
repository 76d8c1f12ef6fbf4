"""The private names of Faust and aiokafka that streams/kafka builds on, with their signatures.

Both are pinned exactly. When one of these tests fails after an upgrade, read what changed before changing
the line: the guarantee of exactly once rests on what these names do.
"""

import inspect
from importlib import metadata
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState, TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from faust.app.base import App, BootStrategy
from faust.assignor.partition_assignor import PartitionAssignor
from faust.serializers.schemas import Schema
from faust.tables import TableManager
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Transport
from faust.transport.drivers.aiokafka import Consumer as DriverConsumer

SIGNATURES: list[tuple[Any, str]] = [
    # What kafka/transport.py overrides in Faust.
    (AIOKafkaConsumerThread._create_worker_consumer, "(self, transport)"),
    (AIOKafkaConsumerThread._fetch_records, "(self, consumer, active_partitions, timeout=None, max_records=None)"),
    (AIOKafkaConsumerThread.__post_init__, "(self)"),
    (AIOKafkaConsumerThread.on_crash, "(self, msg, *fmt, **kwargs)"),
    (DriverConsumer._new_consumer_thread, "(self)"),
    (AIOKafkaConsumerThread.on_start, "(self)"),
    (AIOKafkaConsumerThread.on_thread_stop, "(self)"),
    (Consumer.perform_seek, "(self)"),
    (Consumer.on_partitions_revoked, "(self, revoked)"),
    (Consumer.getmany, "(self, timeout)"),
    (Consumer.commit, "(self, topics=None, start_new_transaction=True)"),
    (Consumer.ack, "(self, message)"),
    (Consumer.track_message, "(self, message)"),
    (Consumer._add_gap, "(self, tp, offset_from, offset_to)"),
    (Consumer.on_buffer_full, "(self, tp)"),
    (Consumer.on_buffer_drop, "(self, tp)"),
    (Consumer.verify_all_partitions_active, "(self)"),
    # What it calls, or relies on being called.
    (Consumer._wait_next_records, "(self, timeout)"),
    (Consumer._get_active_partitions, "(self)"),
    (TableManager.on_start, "(self)"),
    (TableManager._update_channels, "(self)"),
    (Consumer.pause_partitions, "(self, tps)"),
    (Consumer.resume_partitions, "(self, tps)"),
    (Consumer._drain_messages, "(self, fetcher)"),
    (AIOKafkaConsumerThread._ensure_consumer, "(self)"),
    (Recovery._resume_streams, "(self, generation_id=0)"),
    (App._on_partitions_revoked, "(self, revoked)"),
    (App._on_partitions_assigned, "(self, assigned, generation_id=0)"),
    (App.create_event, "(self, key, value, headers, message)"),
    (PartitionAssignor._global_table_standby_assignments, "(self, assignments, partitions_by_topic)"),
    # aiokafka.
    (GroupCoordinator._maybe_leave_group, "(self)"),
    (Fetcher.fetched_records, "(self, partitions, timeout=0, max_records=None)"),
    (Fetcher.seek_to, "(self, tp, offset)"),
    (PartitionRecords._consumer_record, "(self, tp, record)"),
    (PartitionRecords._unpack_records, "(self)"),
    (AIOKafkaClient.send, "(self, node_id, request, *, group=<ConnectionGroup.DEFAULT: 0>)"),
    (AIOKafkaConsumer.seek, "(self, partition, offset)"),
    (AIOKafkaConsumer.end_offsets, "(self, partitions)"),
    (AIOKafkaConsumer.beginning_offsets, "(self, partitions)"),
    (AIOKafkaAdminClient.list_consumer_group_offsets, "(self, group_id, group_coordinator_id=None, partitions=None)"),
    (AIOKafkaProducer.create_batch, "(self)"),
    (AIOKafkaProducer.send_batch, "(self, batch, topic, *, partition)"),
    (AIOKafkaProducer.send_offsets_to_transaction, "(self, offsets, group_id)"),
    (BatchBuilder.append, "(self, *, timestamp, key, value, headers=[])"),
    (BatchBuilder.record_count, "(self)"),
    (DefaultRecordBatchBuilder.append, "(self, offset, timestamp, key, value, headers)"),
]  # fmt: skip


def plain(function: Any) -> str:
    """A signature without annotations."""
    signature = inspect.signature(inspect.unwrap(function))
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


def test_the_versions_are_the_ones_these_names_were_read_in() -> None:
    assert metadata.version("faust-streaming") == "0.15.3"
    assert metadata.version("aiokafka") == "0.14.0"


@pytest.mark.parametrize(
    ("function", "signature"), SIGNATURES, ids=lambda value: getattr(value, "__qualname__", "")
)
def test_signature(function: Any, signature: str) -> None:
    assert plain(function) == signature


def test_the_diagnosis_knocks_as_the_clients_do() -> None:
    """kafka/diagnosis.py hands what every client takes to the function that connects."""
    taken = inspect.signature(create_conn).parameters
    assert {
        "host", "port", "security_protocol", "ssl_context", "sasl_mechanism", "sasl_plain_username",
        "sasl_plain_password",
    } <= set(taken)  # fmt: skip


def test_attributes() -> None:
    source = inspect.getsource(Fetcher.fetched_records)
    assert "max_records" in source
    assert "self._records[tp] = FetchResult(" in inspect.getsource(Fetcher._proc_fetch_request)
    assert "await self._client.send(node_id, request)" in inspect.getsource(Fetcher._proc_fetch_request)
    assert "MemoryRecords(part_data[-1])" in inspect.getsource(Fetcher._proc_fetch_request)
    assert "self._records.clear()" in inspect.getsource(Fetcher._fetch_requests_routine)
    assert "next(self._records_iterator)" in inspect.getsource(PartitionRecords.__next__)
    assert "self.next_fetch_offset = next_batch.next_offset" in inspect.getsource(
        PartitionRecords._unpack_records
    )
    assert "self._partition_records = " in inspect.getsource(FetchResult.__init__)
    assert "self._consumer_record(tp, record)" in inspect.getsource(PartitionRecords._unpack_records)
    assert isinstance(TopicPartitionState.position, property)
    assert isinstance(TopicPartitionState.has_valid_position, property)
    assert isinstance(SubscriptionState.subscription, property)
    assert "self._subscription =" in inspect.getsource(AIOKafkaConsumer.__init__)
    assert BootStrategy.enable_kafka_producer is None
    assert Transport.Consumer is DriverConsumer
    assert {"app", "on_key_decode_error", "on_value_decode_error", "default_propagate"} <= set(
        inspect.signature(Schema.compile).parameters
    )


def test_records_leave_the_fetcher_without_a_pause_after_the_position_has_moved() -> None:
    """``_fetch_records`` reads positions right after: an await in between would lose or repeat records."""
    source = inspect.getsource(Fetcher.fetched_records)
    drained = source[source.index("drained = {}") : source.index("waiter = self._create_fetch_waiter()")]
    assert "await" not in drained


def test_the_first_record_of_a_batch_is_taken_whatever_its_size() -> None:
    batch = BatchBuilder(1_000, 0)
    assert batch.append(timestamp=None, key=b"k", value=b"v" * 5_000) is not None
    assert batch.append(timestamp=None, key=b"k", value=b"v") is None


def test_a_batch_filled_past_its_builder_is_what_its_own_append_makes() -> None:
    """``Outbox`` appends to the compiled builder, and tells the batch afterwards how many records it holds."""
    own, ours = BatchBuilder(1_000, 0), BatchBuilder(1_000, 0)
    for number in range(3):
        assert own.append(timestamp=7, key=b"k", value=b"v%d" % number) is not None
        assert ours._builder.append(number, 7, b"k", b"v%d" % number, []) is not None
    ours._relative_offset = 3
    assert ours.record_count() == own.record_count()
    assert ours._build() == own._build()
