"""Trace context: W3C ``traceparent`` headers, carried from an input to what follows from it and to its record.

Without OpenTelemetry, or with it switched off, a header is passed on as it came: whoever traces the source finds our
outputs under the same trace. Switched on (HEED_TRACES, the extra ``heed[otel]``), each traced record has a span of its
own, which its outputs name as their parent. A record without the header costs a look at its headers and nothing else.
"""

import re
from collections.abc import Iterable
from typing import Any, Final, Protocol

from streams.errors import BadUsage
from streams.settings import Settings, TracesTo

TRACEPARENT: Final = "traceparent"
#: Anything else under that name is dropped: it is written on, and into log lines.
_FORM: Final = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent_of(headers: Iterable[tuple[str, bytes]]) -> str | None:
    """The trace context among a record's headers, if there is a valid one.

    >>> traceparent_of([("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")])
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    >>> traceparent_of([("traceparent", b"9990548609")]) is None
    True
    """
    for name, value in headers:
        if name == TRACEPARENT and value is not None and _FORM.fullmatch(value):
            return value.decode()
    return None


def trace_id(traceparent: str) -> str:
    """What log lines and Jaeger, Tempo and the like call a trace."""
    return traceparent[3:35]


def headers_of(traceparent: str) -> list[tuple[str, bytes]]:
    return [(TRACEPARENT, traceparent.encode())]


class Passage(Protocol):
    """A traced record on its way through this process; ``traceparent``: what its outputs carry."""

    @property
    def traceparent(self) -> str: ...

    def end(self, **facts: str | int) -> None:
        """What became of it is true now. One that never ends has not happened."""


class Traces(Protocol):
    """Where passages are told of."""

    def begin(self, name: str, traceparent: str, **facts: str | int) -> Passage: ...

    def close(self) -> None:
        """Tell what has not been told yet."""


class PassedOn:
    """Nobody is told; the header goes on as it came."""

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    def end(self, **_facts: str | int) -> None:
        return


class PassOn:
    """Traces of somebody else's, which we only do not interrupt."""

    def begin(self, name: str, traceparent: str, **_facts: str | int) -> Passage:
        return PassedOn(traceparent)

    def close(self) -> None:
        return


def traces_for(settings: Settings, service: str) -> Traces:
    """What the settings ask for. Raises BadUsage when OpenTelemetry is asked for and not installed."""
    if settings.traces is TracesTo.OFF:
        return PassOn()
    try:
        from . import otel
    except ImportError as missing:
        raise BadUsage(
            f"HEED_TRACES: {settings.traces} needs OpenTelemetry, which is not installed ({missing.name}): "
            "pip install 'heed[otel]', or set HEED_TRACES=off"
        ) from None
    traces: Any = otel.traces_to(settings.traces, service)
    return traces  # type: ignore[no-any-return]
