"""One turn, all or nothing: outputs, table changes and input offsets in one Kafka transaction.

One transactional id per partition, ``<app>-<p>``, opened before offsets are read. aiokafka 0.14 speaks
version 0 of the transaction requests, without group fencing by generation; starting the producer of the
next owner is what fences the last one, and ends its open transaction.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, KafkaError, ProducerFenced
from aiokafka.structs import TopicPartition

from streams.domain.time import Instant
from streams.errors import CommitUnknown, Fenced

from .outbox import BATCH_BYTES, Outbox

#: The broker ends a transaction that is older than this; an owner that died mid-turn delays readers of
#: its outputs at most so long, and the next owner ends it at once by opening. Milliseconds.
TRANSACTION_TIMEOUT_MS: Final = 60_000
#: A commit that takes longer has an unknown outcome: aiokafka itself would retry for ever. A broker that is
#: away for 20 s, and then takes some seconds to come back, is waited for. Seconds.
COMMIT_PATIENCE_S: Final = 45.0
#: Kafka 4 answers NOT_ENOUGH_REPLICAS while a partition's previous transaction is completing; aiokafka's
#: default of 100 ms before the retry would show in every latency. Milliseconds.
RETRY_BACKOFF_MS: Final = 10
_LOG_APPEND_TIME: Final = 1  # the timestamp is the broker's, not ours


class ShardProducer:
    """The one writer of a partition, ``<group>-<partition>``, committing the offsets of ``group``.

    ``connect``: see ``client.connection``; ``larger``: topics whose records may exceed RECORD_BYTES.
    """

    def __init__(
        self, connect: Mapping[str, Any], group: str, partition: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self.partition = partition
        self._group = group
        self._larger = larger or {}
        self.written_to: dict[tuple[str, int], int] = {}  # where the last record written ends, markers aside
        self.broker_time: Instant | None = (
            None  # of the last commit, if it wrote to a topic with LogAppendTime
        )
        self._producer = AIOKafkaProducer(
            transactional_id=f"{group}-{partition}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            max_batch_size=BATCH_BYTES,
            linger_ms=0,
            **connect,
        )

    async def open(self) -> None:
        """Become the writer: fences any earlier one and ends its transaction. Raises KafkaError."""
        try:
            await self._producer.start()
        except BaseException:
            await self.close()
            raise

    async def ask_time(self, topic: str) -> Instant | None:
        """The broker's clock (UTC ms): what it stamps on a record of ours that nobody ever sees.

        ``topic`` has LogAppendTime; None when it has not. The record's transaction is aborted. Raises ShardLost.
        """
        batch = self._producer.create_batch()
        batch.append(timestamp=None, key=None, value=b"", headers=[])
        try:
            async with asyncio.timeout(COMMIT_PATIENCE_S):
                await self._producer.begin_transaction()
                written = await (await self._producer.send_batch(batch, topic, partition=self.partition))
                await self._producer.abort_transaction()
        except ProducerFenced as error:
            raise Fenced(f"another worker owns partition {self.partition} now") from error
        except (KafkaError, IllegalOperation, TimeoutError, AssertionError) as error:
            raise CommitUnknown(f"the broker of partition {self.partition} did not tell the time") from error
        stamped = written.timestamp_type == _LOG_APPEND_TIME
        return int(written.timestamp) if stamped else None

    async def close(self) -> None:
        """Stop without waiting for anything in flight; what was not committed will be aborted."""
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(2):
                await self._producer.stop()

    def outbox(self) -> Outbox:
        return Outbox(self._producer.create_batch, self.partition, self._larger)

    async def commit(self, outbox: Outbox, next_offsets: Mapping[tuple[str, int], int]) -> None:
        """Make one turn true, all or none. The order is the guarantee.

        1. Produce outputs, audit and changelog, and add the next input offsets to the same transaction:
           answers and progress cannot part. Wait until each is acknowledged; which comes first is all the
           same, and waiting for both at once takes a third off a small turn. No reader at
           ``read_committed`` sees them yet; if we die, the next owner's open aborts them.
        2. Commit. Before this line nothing has happened; after it everything has.

        The caller folds the turn into memory only after this returns: memory never runs ahead of the
        log, and a crash just before costs a rebuild, not a fact.

        Raises ShardLost: Fenced if another worker took over, CommitUnknown on any other error or time-out.
        The commit may have happened, so nothing is retried: the process ends, and opening the shard again
        settles the outcome.
        """
        try:
            async with asyncio.timeout(COMMIT_PATIENCE_S):
                await self._producer.begin_transaction()
                await _all_of(self._produce(outbox), self._add(next_offsets))  # 1.
                await self._producer.commit_transaction()  # 2.
        except ProducerFenced as error:
            raise Fenced(f"another worker owns partition {self.partition} now") from error
        except (KafkaError, IllegalOperation, TimeoutError, AssertionError) as error:
            raise CommitUnknown(
                f"the outcome of a commit on partition {self.partition} is unknown"
            ) from error

    async def _add(self, next_offsets: Mapping[tuple[str, int], int]) -> None:
        offsets = {TopicPartition(topic, p): offset for (topic, p), offset in next_offsets.items()}
        if offsets:
            await self._producer.send_offsets_to_transaction(offsets, self._group)

    async def _produce(self, outbox: Outbox) -> None:
        sent, counts = [], []
        try:
            for (topic, partition), batch in outbox.batches():
                counts.append(batch.record_count())
                sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        except IllegalOperation:
            await asyncio.gather(*sent)  # the transaction ended under our hands: what was sent knows why
            raise
        self.broker_time = None
        for written, count in zip(await asyncio.gather(*sent), counts, strict=True):
            self.written_to[written.topic, written.partition] = written.offset + count
            if written.timestamp_type == _LOG_APPEND_TIME:
                self.broker_time = written.timestamp


async def _all_of(*steps: Coroutine[Any, Any, None]) -> None:
    """Do these at once. When one fails, what is told is that we were fenced if any says so: the transaction ends under the hands
    of the other, which then knows only that."""
    failed = [one for one in await asyncio.gather(*steps, return_exceptions=True) if one is not None]
    if failed:
        raise next((one for one in failed if isinstance(one, ProducerFenced)), failed[0])
