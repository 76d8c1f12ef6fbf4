"""The topics of contract 1: how each is kept, how they are created, and what makes Heed refuse to start.

Three ways to keep records, and a topic has exactly one:

- *forever*: objections, patients, resolutions, and what was recorded. Neither age, nor size, nor compaction may
  remove one: the key is the patient, so compaction would leave each patient a single objection.
- *newest*: the patient table's changelog. The newest value of each patient must stay, whatever its age.
- *for a time*: the rest.
"""

import asyncio
import time
from typing import Any, Final

import msgspec
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from streams.domain.time import DAY, HOUR, Millis
from streams.domain.vocabulary import Topic
from streams.errors import BrokerUnreachable, PartitionMismatch, UnsafeTopic
from streams.settings import SecurityProtocol, Settings

from . import client
from .answers import configs_of, counts_of

_MIB: Final = 1024 * 1024

MAX_INPUT_BYTES: Final = 2 * _MIB
"""Largest input batch. A field of 1 MB must arrive, so that it can be quarantined with a reason (rule 1.2)."""

MAX_DEAD_LETTER_BYTES: Final = MAX_INPUT_BYTES + 64 * 1024
"""A dead letter carries the original bytes and headers. Its producer needs a ``max_request_size`` of at least this."""

_FOREVER: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_NEWEST: Final = {
    "cleanup.policy": "compact",
    # A restore reads the whole topic at some 200 000 records a second: keep what is superseded under a fifth.
    "min.cleanable.dirty.ratio": "0.2",
    # The open segment is never compacted, so close it in time.
    "segment.ms": str(6 * HOUR),
    "segment.bytes": str(128 * _MIB),
}


class Plan(msgspec.Struct, frozen=True):
    """How one topic is kept; ``configs`` is what a topic is created with, in Kafka's names."""

    topic: Topic
    configs: dict[str, str]

    @property
    def kept_forever(self) -> bool:
        return self.configs.get("retention.ms") == "-1"


def _for_a_time(age: Millis) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(age)}


_TIMESTAMPS: Final = "message.timestamp.type"

_INPUT: Final = {"max.message.bytes": str(MAX_INPUT_BYTES)}

CATALOGUE: Final = (
    Plan(Topic.APPOINTMENTS, _INPUT | _for_a_time(30 * DAY)),
    Plan(Topic.RESULTS, _INPUT | _for_a_time(30 * DAY)),
    Plan(Topic.OBJECTIONS, _INPUT | _FOREVER),
    Plan(Topic.PATIENTS, _INPUT | _FOREVER),
    Plan(Topic.REQUESTS, _INPUT | _for_a_time(30 * DAY)),
    Plan(Topic.RECEIPTS, _INPUT | _for_a_time(30 * DAY)),
    Plan(Topic.RESOLUTIONS, _INPUT | _FOREVER),
    Plan(Topic.SEND_COMMANDS, _for_a_time(7 * DAY)),
    Plan(Topic.ESCALATION_TASKS, _for_a_time(90 * DAY)),
    # Stamped by the broker: kept as long as it says whatever our clock said, and our clock is told from it.
    Plan(Topic.DECISIONS, {_TIMESTAMPS: "LogAppendTime"} | _for_a_time(400 * DAY)),
    Plan(Topic.PATIENT_TABLE, _NEWEST),
    Plan(Topic.RECORDS, _FOREVER),
    Plan(Topic.SAFETY_LOG, _FOREVER),
    Plan(Topic.DEAD_LETTERS, {"max.message.bytes": str(MAX_DEAD_LETTER_BYTES)} | _for_a_time(30 * DAY)),
    Plan(Topic.HEARTBEATS, _for_a_time(DAY)),
)
"""All topics, in the order of contract 1. All have the same number of partitions."""

_VISIBLE_SECONDS: Final = 10.0  # until every broker knows a new topic; usually well under 1 s
_INVALID_REPLICATION_FACTOR: Final = 38


class Checked(msgspec.Struct, frozen=True):
    """Topics that are safe to use: how many partitions each has, and what is unusual about them, in sentences."""

    partitions: int
    notes: tuple[str, ...]


async def create(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names; leave the others as they are.

    Raises PartitionMismatch when topics that exist have another count than ``settings.partitions``,
    BrokerUnreachable when no broker answers, UnsafeTopic when the cluster refuses.
    """
    there = await client.ask(settings, lambda admin: _partition_counts(admin, settings))
    async with client.admin(settings) as admin:
        for name, count in there.items():
            if count != settings.partitions:
                raise PartitionMismatch(
                    f"topic {name} exists with {count} partitions, but HEED_PARTITIONS is {settings.partitions}: "
                    f"set HEED_PARTITIONS={count}, or use another HEED_TOPIC_PREFIX (runbook: partitions)"
                )
        missing = [plan for plan in CATALOGUE if settings.topic(plan.topic) not in there]
        if missing:
            answer = await admin.create_topics([_new(plan, settings) for plan in missing])
            for name, code, *_ in answer.topic_errors:
                _raise_unless_created(name, code, settings)
            await _wait_until_visible(admin, settings)
        return [settings.topic(plan.topic) for plan in missing]


async def check(settings: Settings) -> Checked:
    """Return when every topic is there, none can lose what Heed must remember, and the broker's clock can be read.

    Raises UnsafeTopic for a missing topic, wrong clean-up or timestamps, PartitionMismatch for unequal counts,
    BrokerUnreachable when no broker answers. Source: contract 1, C024.
    """
    counts = await client.ask(settings, lambda admin: _partition_counts(admin, settings))
    partitions = check_partitions(settings, counts)
    configs = await client.ask(settings, lambda admin: _configs(admin, settings))
    notes: list[str] = []
    for plan in CATALOGUE:
        name = settings.topic(plan.topic)
        check_clean_up(plan, name, configs[name])
        check_timestamps(plan, name, configs[name])
        notes += unusual(plan, name, configs[name])
    return Checked(partitions, tuple(notes))


async def record_limits(settings: Settings) -> dict[Topic, int]:
    """The largest batch each topic takes now, in bytes: operators may have set less than the catalogue.

    Raises UnsafeTopic, BrokerUnreachable.
    """
    configs = await client.ask(settings, lambda admin: _configs(admin, settings))
    return {plan.topic: int(configs[settings.topic(plan.topic)]["max.message.bytes"]) for plan in CATALOGUE}


async def retentions(settings: Settings) -> dict[Topic, Millis | None]:
    """For how long each topic keeps records, whatever their number; None where size removes them too, or nothing does.

    Raises UnsafeTopic, BrokerUnreachable.
    """
    configs = await client.ask(settings, lambda admin: _configs(admin, settings))
    return {plan.topic: kept_for(configs[settings.topic(plan.topic)]) for plan in CATALOGUE}


def kept_for(config: dict[str, str]) -> Millis | None:
    """See ``retentions``."""
    age, size = int(config["retention.ms"]), int(config["retention.bytes"])
    return age if age >= 0 and size < 0 else None


def check_partitions(settings: Settings, counts: dict[str, int]) -> int:
    """The partition count all topics share, given each topic's. Raises UnsafeTopic, PartitionMismatch."""
    names = [settings.topic(plan.topic) for plan in CATALOGUE]
    if missing := [name for name in names if name not in counts]:
        raise UnsafeTopic(
            f"{'topics' if len(missing) > 1 else 'topic'} {', '.join(missing)} not found at "
            f"{settings.bootstrap_servers}: create with heed topics create, or check HEED_TOPIC_PREFIX{_or_rights(settings)}"
        )
    first, expected = names[0], counts[names[0]]
    for name in names:
        if counts[name] != expected:
            raise PartitionMismatch(
                f"topic {name} has {counts[name]} partitions, {first} has {expected}: "
                f"{name} would be looked up in the wrong shard. "
                "Recreate one with the other's count, then start again (runbook: partitions)."
            )
    return expected


def _or_rights(settings: Settings) -> str:
    """A broker that asks who we are hides from us what we may not see."""
    if settings.security_protocol is SecurityProtocol.PLAINTEXT:
        return ""
    return ", or the rights of this user (docs/reference/rights.md)"


def check_clean_up(plan: Plan, name: str, actual: dict[str, str]) -> None:
    """Raise UnsafeTopic when the clean-up of the topic could remove what must stay."""
    expected = plan.configs["cleanup.policy"]
    policy = actual["cleanup.policy"]
    if policy != expected:
        why = (
            "patients' newest state could be deleted"
            if expected == "compact"
            else "compaction keeps one record of each patient and loses the others"
        )
        raise UnsafeTopic(
            f"topic {name} has cleanup.policy={policy}: {why}. "
            f"Set cleanup.policy={expected} on it, then start again (runbook: retention)."
        )
    if not plan.kept_forever:
        return
    for setting in ("retention.ms", "retention.bytes"):
        if actual[setting] != "-1":
            raise UnsafeTopic(
                f"topic {name} has {setting}={actual[setting]}: it would forget, and Heed act as if it had never known. "
                f"Set {setting}=-1 on it, then start again (runbook: retention)."
            )


def check_timestamps(plan: Plan, name: str, actual: dict[str, str]) -> None:
    """Raise UnsafeTopic when the broker would not stamp its own time where our clock is told from it (C049)."""
    expected = plan.configs.get(_TIMESTAMPS)
    if expected is not None and actual[_TIMESTAMPS] != expected:
        raise UnsafeTopic(
            f"topic {name} has {_TIMESTAMPS}={actual[_TIMESTAMPS]}: the broker's clock cannot be read, so a wrong clock "
            f"would not be noticed. Set {_TIMESTAMPS}={expected} on it, then start again (runbook: retention)."
        )


def unusual(plan: Plan, name: str, actual: dict[str, str]) -> list[str]:
    """What differs from the catalogue without being unsafe, in sentences."""
    notes = []
    for setting, unit in (("retention.ms", DAY), ("max.message.bytes", 1)):
        planned, found = int(plan.configs.get(setting, -1)), int(actual[setting])
        if planned > 0 and 0 <= found < planned:
            notes.append(
                f"topic {name} has {setting}={found}, the contract has {planned}" + _in_days(planned, unit)
            )
    if actual.get("unclean.leader.election.enable") == "true":
        notes.append(
            f"topic {name} allows unclean leader election: a broker's failure could lose acknowledged records"
        )
    return notes


def _in_days(value: int, unit: int) -> str:
    return f" ({value // DAY} days)" if unit == DAY else ""


def _new(plan: Plan, settings: Settings) -> NewTopic:
    configs = dict(plan.configs)
    if settings.replication_factor >= 3:
        configs["min.insync.replicas"] = "2"  # one broker may be away, and none alone may acknowledge
    return NewTopic(
        settings.topic(plan.topic), settings.partitions, settings.replication_factor, topic_configs=configs
    )


def _raise_unless_created(name: str, code: int, settings: Settings) -> None:
    error = for_code(code)
    if (
        code == 0 or error is TopicAlreadyExistsError
    ):  # somebody else created it just now: check() will look at it
        return
    if code == _INVALID_REPLICATION_FACTOR:
        raise UnsafeTopic(
            f"topic {name} cannot have {settings.replication_factor} replicas: the cluster has fewer brokers. "
            "Set HEED_REPLICATION_FACTOR (to 1 for a cluster of one)."
        )
    raise UnsafeTopic(f"topic {name} could not be created: the broker says {error.__name__}")


async def _partition_counts(admin: Any, settings: Settings) -> dict[str, int]:
    """Partition counts of those of our topics that exist.

    Asks for all topics: asking for one that is missing would create it on a cluster that creates on demand.
    """
    ours = {settings.topic(plan.topic) for plan in CATALOGUE}
    return counts_of([topic for topic in await admin.describe_topics() if topic["topic"] in ours])


async def _wait_until_visible(admin: Any, settings: Settings) -> None:
    end = time.monotonic() + _VISIBLE_SECONDS
    while True:
        described = {topic["topic"]: topic for topic in await admin.describe_topics()}
        ours = [described.get(settings.topic(plan.topic)) for plan in CATALOGUE]
        if all(topic and topic["partitions"] and all(_led(p) for p in topic["partitions"]) for topic in ours):
            return
        if time.monotonic() > end:
            raise BrokerUnreachable(
                f"new topics did not become usable within {_VISIBLE_SECONDS:.0f} s; try again"
            )
        await asyncio.sleep(0.05)


def _led(partition: dict[str, Any]) -> bool:
    return bool(partition["error_code"] == 0 and partition["leader"] >= 0)


async def _configs(admin: Any, settings: Settings) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, settings.topic(plan.topic)) for plan in CATALOGUE]
    answers = await admin.describe_configs(resources)
    return configs_of([resource for answer in answers for resource in answer.resources])
