"""Schema ids that the registry was asked for in vain: for a while they are not asked for again."""

import time
from typing import Final

#: So long. The registry takes seconds to say that it does not know, and a broken producer's records come in thousands. Seconds.
UNKNOWN_FOR_S: Final = 30.0


class UnknownSchemas:
    """Contains what was noted, until ``forget_expired`` finds that its time is over."""

    def __init__(self) -> None:
        self._until: dict[int, float] = {}  # monotonic

    def __contains__(self, schema_id: object) -> bool:
        return schema_id in self._until

    def note(self, schema_id: int) -> None:
        self._until[schema_id] = time.monotonic() + UNKNOWN_FOR_S

    def forget_expired(self) -> None:
        if self._until:
            now = time.monotonic()
            self._until = {schema_id: until for schema_id, until in self._until.items() if until > now}


class _Every:
    """Contains every schema id: with nobody to ask, what we do not know stays unknown."""

    def __contains__(self, schema_id: object) -> bool:
        return True


EVERY_ID: Final = _Every()
