"""When the records of a turn were appended to their topics: what S1 and S5 are told from, one in sixteen."""

from collections.abc import Iterable
from typing import Final

import msgspec

from streams.domain.heartbeat import HEARTBEAT_KEY
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic

from .inbox import Portion

#: So many neighbours count as appended together with the first of them: a look at each would cost as much as
#: its share of the turn's own bookkeeping.
TOGETHER: Final = 16


class Arrival(msgspec.Struct, frozen=True):
    """``count`` records of a topic, appended at about the same time (UTC ms, by the record's own timestamp)."""

    topic: Topic
    appended_at: Instant
    count: int


def arrivals_of(portions: Iterable[Portion]) -> list[Arrival]:
    """Every record of these portions, in groups of neighbours."""
    found = []
    for portion in portions:
        records = portion.records
        if portion.topic is Topic.RECEIPTS:  # heartbeats are no events, and must not make S1 look better
            records = [record for record in records if record.key != HEARTBEAT_KEY]
        for first in range(0, len(records), TOGETHER):
            count = min(TOGETHER, len(records) - first)
            found.append(Arrival(portion.topic, records[first].timestamp, count))
    return found
