"""``heed feed``: events from files, standard input or another topic, checked and produced."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import msgspec

from streams.domain.vocabulary import Topic
from streams.errors import BadRecord, BadUsage
from streams.feed.feeder import Feeder
from streams.feed.lines import BadLine, Line, read_line, read_lines, topic_of_file
from streams.kafka import topics
from streams.kafka.client import check_reachable, connection
from streams.kafka.codec import Codec
from streams.kafka.reading import Stored, read_to_end
from streams.kafka.registry import codec_for
from streams.settings import Settings

STANDARD_INPUT: Final = "-"
_BATCH: Final = 500
_PROBLEMS_SHOWN: Final = 20


class Fed(msgspec.Struct):
    """How it went: produced records by topic, and what was wrong with those left out, in sentences."""

    by_topic: dict[str, int] = {}
    left_out: list[str] = []

    def note(self, line: Line) -> None:
        self.by_topic[line.topic] = self.by_topic.get(line.topic, 0) + 1


class Sources(msgspec.Struct, frozen=True):
    """Where events come from. ``topic`` is for files and topics that do not say. ``rate``: records a second at
    most, 0 for no limit. ``keep_going``: leave out what is wrong instead of refusing everything."""

    files: tuple[str, ...]
    from_topic: str | None
    topic: Topic | None
    rate: float
    keep_going: bool


async def feed(sources: Sources, settings: Settings) -> Fed:
    """Produce everything that is right. Without ``keep_going`` files are read once to the end first, and
    nothing is produced when a line is wrong; what cannot be read twice is produced as it comes.

    Raises BadUsage with the wrong lines, BrokerUnreachable, KafkaError when the brokers do not take them.
    """
    await check_reachable(settings)
    await topics.check(settings)
    codec, fed = await codec_for(settings), Fed()
    if not sources.keep_going:
        _refuse_if_wrong(sources, codec)
    pace = Pace(sources.rate)
    async with Feeder(connection(settings), settings.topic) as feeder:
        batch: list[Line] = []
        async for line in _lines(sources, settings, codec):
            if isinstance(line, BadLine):
                fed.left_out.append(str(line))
                continue
            batch.append(line)
            fed.note(line)
            if len(batch) >= pace.batch:
                await feeder.feed(batch)
                batch = []
                await pace.keep(feeder.fed)
        await feeder.feed(batch)
    return fed


def _refuse_if_wrong(sources: Sources, codec: Codec) -> None:
    wrong: list[str] = []
    for name in sources.files:
        if name != STANDARD_INPUT:
            wrong += [
                str(line) for line in _file_lines(name, sources.topic, codec) if isinstance(line, BadLine)
            ]
    if wrong:
        more = f"\nand {len(wrong) - _PROBLEMS_SHOWN} more" if len(wrong) > _PROBLEMS_SHOWN else ""
        raise WrongLines("\n".join(wrong[:_PROBLEMS_SHOWN]) + more, len(wrong))


class WrongLines(BadUsage):
    """Files with lines that are no events: nothing was fed. The message has a line for each."""

    def __init__(self, listed: str, count: int) -> None:
        super().__init__(listed)
        self.count = count


async def _lines(sources: Sources, settings: Settings, codec: Codec) -> AsyncIterator[Line | BadLine]:
    for name in sources.files:
        if name == STANDARD_INPUT:
            async for line in _standard_input(sources.topic, codec):
                yield line
        else:
            for line in _file_lines(name, sources.topic, codec):
                yield line
    if sources.from_topic is not None:
        topic = sources.topic or topic_of_file(sources.from_topic)
        async for stored in read_to_end(connection(settings), [sources.from_topic]):
            yield _stored(stored, topic, codec)


def _file_lines(name: str, topic: Topic | None, codec: Codec) -> Iterator[Line | BadLine]:
    try:
        with Path(name).open(encoding="utf-8") as file:
            yield from read_lines(file, name, topic or topic_of_file(name), codec)
    except OSError as error:
        raise BadUsage(f"{name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadUsage(f"{name}: is not UTF-8 text") from None


async def _standard_input(topic: Topic | None, codec: Codec) -> AsyncIterator[Line | BadLine]:
    """Lines as they come; waiting for one does not stop what was read before from being produced."""
    number = 0
    while text := await asyncio.to_thread(sys.stdin.readline):
        number += 1
        line = read_line(text, f"standard input:{number}", topic, codec)
        if line is not None:
            yield line


def _stored(stored: Stored, topic: Topic | None, codec: Codec) -> Line | BadLine:
    """A record of another topic: framed Avro as it is, or a line of JSON as its value."""
    place = f"{stored.topic}[{stored.partition}]@{stored.offset}"
    if stored.value is not None and stored.value[:1] == b"{":
        text = stored.value.decode(errors="replace")
        return read_line(text, place, topic, codec) or BadLine(f"{place}: is empty")
    if topic is None:
        return BadLine(f"{place}: topic: is missing; say with --topic where these records belong")
    try:
        event = codec.decode(topic, stored.key, stored.value)
    except BadRecord as bad:
        return BadLine(f"{place}: {bad.reason}: {bad.error}")
    return Line(topic, event.envelope.patient_id.encode(), stored.value)


class Pace:
    """At most so many records a second; 0: no limit."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._began: float | None = None
        self.batch = _BATCH if not rate else max(1, min(_BATCH, round(rate / 10)))

    async def keep(self, done: int) -> None:
        """Wait until so many records may have been produced."""
        if not self._rate:
            return
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        await asyncio.sleep(self._began + done / self._rate - now)


def check_sources(sources: Sources) -> None:
    """Raises BadUsage when there is nothing to feed, or no such topic to feed it to."""
    if not sources.files and sources.from_topic is None:
        raise BadUsage("name a file, - for standard input, or a topic with --from-topic")


def listed(fed: Fed) -> str:
    """What was fed, in one line."""
    if not fed.by_topic:
        return "fed nothing"
    return "fed " + ", ".join(f"{count:,} {topic}" for topic, count in sorted(fed.by_topic.items()))
