"""Whether a partition that is rebuilt sends nothing: since the backup an objection may have stopped it (rule 1.1), and a
person let it go on.

The two lie in different topics, and carry the time of whoever wrote them. So a stop also counts as late as the worker
says that raised its task; in doubt the partition stays stopped, and a person resumes it once more.
"""

from msgspec.structs import replace

from streams.decisions import Environment, respond
from streams.domain.events import Event
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import EscalationTask
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import Reason
from streams.kafka.reading import Stored


class Stops:
    """Told of tasks first, then of objections, then of resolutions; gives the shard's state after each."""

    def __init__(self) -> None:
        self._raised: dict[str, Instant] = {}  # by the place of the objection
        self._latest: Instant = 0

    def raised(self, task: EscalationTask) -> None:
        """A task of the partition's own: perhaps of an objection that stopped it."""
        if task.reason is Reason.OBJECTION_UNREADABLE:
            self._raised[task.subject.id] = max(task.created_at, self._raised.get(task.subject.id, 0))

    def told_of(self, place: str) -> bool:
        """Whether a worker has raised the task of this objection, and set it aside."""
        return place in self._raised

    def refused(self, stored: Stored, at: Position, before: ShardState, after: ShardState) -> ShardState:
        """A record was refused, by the rules that make ``after`` of ``before``."""
        if after is before:
            return before
        self._latest = max(self._latest, stored.timestamp, self._raised.get(at.place, 0))
        return replace(before, paused=after.paused, paused_at=after.paused_at)

    def resolved(
        self, stored: Stored, patient: PatientState, event: Event, at: Position, env: Environment
    ) -> ShardState:
        """Somebody resolved something: perhaps this stop, if they did so after it."""
        shard = env.shard
        if not shard.paused or stored.timestamp <= self._latest:
            return shard
        after = respond(event.envelope.patient_id, patient, event, at, env).shard
        return shard if after.paused else replace(shard, paused=False, paused_at=0)
