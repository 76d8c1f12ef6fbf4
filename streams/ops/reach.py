"""Whether Kafka answers this process, as whoever asks it something every few seconds has found."""

from typing import Final

from .logging import EventLogger
from .metrics import KAFKA_UNREACHABLE

#: A broker that has not answered by then is away; its clients would wait for most of a minute. Seconds.
ANSWER_S: Final = 5.0


class Reach:
    """Told after every question; says so in the log when it changes, and always in the metrics and to /readyz.

    >>> reach = Reach(EventLogger("heed.example")); reach.silent(); reach.reasons()
    ['no Kafka answers']
    >>> reach.answered(); reach.reasons()
    []
    """

    def __init__(self, log: EventLogger) -> None:
        self._log = log
        self.away = False

    def answered(self) -> None:
        self._now(False, "broker_back")

    def silent(self) -> None:
        """It refused, or has not answered within ANSWER_S."""
        self._now(True, "broker_away")

    def reasons(self) -> list[str]:
        """Why this process is not ready, as far as Kafka is to blame."""
        return ["no Kafka answers"] if self.away else []

    def _now(self, away: bool, event: str) -> None:
        KAFKA_UNREACHABLE.set(away)
        if away != self.away:
            self.away = away
            self._log.warning(event)
