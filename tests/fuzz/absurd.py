"""Events that the schemas allow and no hospital would send: times at the ends of the world, text of every kind."""

from enum import StrEnum
from random import Random
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from streams.domain.events import BODY_OF, Envelope, Event
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import INPUT_TOPICS

#: Few names, so that events meet: the same appointment again, a merge into a known patient, an objection's next version.
NAMES: Final = ("P1", "P2", "P3")
_IDS: Final = ("A1", "A2", "O1", "R1", "Q1", "sms", "e1", "e2", "e3", "e4", "e5", "e6")
_CODES: Final = (
    "GEN",
    "DERM",
    "IN_PERSON",
    "R-BOOK",
    "R-IG",
    "R-DUTY",
    "R-PH",
    "R-SAFE",
    "phone",
    "done",
    "BSL",
    "en",
    "EMB",
)
_TEXTS: Final = (
    "", " ", "\0", "x" * 127, "x" * 129, "x" * 5_000, "{link}", "{{", "%s", "9990548609", "9434765919", "9990548608",
    "+447700900001", "07700 900001", "ada@example.org", "a;b\nc", "1980-01-01", "2010-12-02", "0000-00-00", "10000-01-01",
    "é" * 40, "‮abc", "🏥" * 80, "PRN", "null", "true", "1e309", "-1", "policy", "\x1b[31m", "heed",
)  # fmt: skip
#: Fields of 32 bits in the schemas.
_SHORT: Final = {"shared_with", "partition"}


def absurd_event(rng: Random, now: Instant) -> Event:
    """Any event; what it says is mostly plausible in each field and seldom in the whole."""
    topic = rng.choice(INPUT_TOPICS)
    envelope = _Maker(rng, now).struct(Envelope)
    if not envelope.patient_id:
        envelope = msgspec.structs.replace(envelope, patient_id=rng.choice(NAMES))
    return Event(topic, envelope, _Maker(rng, now).struct(BODY_OF[topic]))


def distorted(rng: Random, event: Event, now: Instant) -> Event:
    """A sound event with one to three fields replaced."""
    maker = _Maker(rng, now)
    body = event.body
    for _ in range(rng.randint(1, 3)):
        body = _one_replaced(rng, body, maker)
    envelope = msgspec.structs.replace(
        event.envelope,
        event_id=f"e{rng.randrange(10**6)}",
        version=rng.choice((event.envelope.version, 2, 3, 4, 5)),
    )
    if rng.random() < 0.1:
        envelope = _one_replaced(rng, envelope, maker)
    return Event(event.topic, envelope, body)


def _one_replaced(rng: Random, value: Any, maker: "_Maker") -> Any:
    """One field of a struct, or of a struct in it, or of one in a list of it."""
    name, hint = rng.choice(list(_hints(type(value)).items()))
    inner = getattr(value, name)
    if isinstance(inner, tuple) and inner and isinstance(inner[0], msgspec.Struct) and rng.random() < 0.8:
        at = rng.randrange(len(inner))
        made: Any = (*inner[:at], _one_replaced(rng, inner[at], maker), *inner[at + 1 :])
    elif isinstance(inner, msgspec.Struct) and rng.random() < 0.8:
        made = _one_replaced(rng, inner, maker)
    else:
        made = maker.value(name, hint)
    return msgspec.structs.replace(value, **{name: made})


class _Maker:
    def __init__(self, rng: Random, now: Instant) -> None:
        self._rng, self._now = rng, now
        self._wild = rng.random() < 0.3  # else times lie around now, and ids are known ones

    def struct(self, kind: type[Any]) -> Any:
        made: Any = kind
        return made(**{name: self.value(name, hint) for name, hint in _hints(kind).items()})

    def value(self, name: str, kind: Any) -> Any:
        rng = self._rng
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.struct(kind)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return rng.choice(list(kind))
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Literal:
            return rng.choice(arguments)
        if origin is tuple:
            return tuple(self.value(name, arguments[0]) for _ in range(rng.choice((0, 0, 1, 1, 2, 5, 70))))
        if origin is dict:
            return {rng.choice(_TEXTS): rng.choice(_TEXTS) for _ in range(rng.randrange(3))}
        if NoneType in arguments:
            return None if rng.random() < 0.5 else self.value(name, arguments[0])
        if kind is bool:
            return rng.random() < 0.3
        return self._number(name) if kind is int else self._text(name)

    def _number(self, name: str) -> int:
        rng = self._rng
        if name in _SHORT:
            return rng.choice((0, 0, 1, -1, 2**31 - 1, -(2**31)))
        if name.endswith("version"):
            return rng.choice(
                (1, 1, 2, 3, 4, 5, 0, -1, 2**63 - 1, -(2**63)) if self._wild else (1, 2, 3, 4, 5)
            )
        if self._wild:
            return rng.choice(
                (0, 1, -1, 2**31, 253_402_300_800_000, 2**53, 2**63 - 1, -(2**63), -62_135_596_800_001)
            )
        return self._now + rng.choice(
            (0, 1, -1, 60_000, -60_000, DAY, 2 * DAY, -DAY, 30 * DAY, 400 * DAY, -400 * DAY)
        )

    def _text(self, name: str) -> str:
        rng = self._rng
        if name.endswith("patient_id") or name in ("survivor", "merged_into"):
            return rng.choice(NAMES) if rng.random() < 0.95 else rng.choice(_TEXTS)
        if self._wild and rng.random() < 0.3:
            return rng.choice(_TEXTS)
        if name == "event_id":
            return f"e{rng.randrange(10**6)}"
        return rng.choice(_IDS + _CODES + _TEXTS)


_KNOWN_HINTS: dict[Any, dict[str, Any]] = {}


def _hints(kind: Any) -> dict[str, Any]:
    """The types of a struct's fields; asking Python each time would take most of the time."""
    if kind not in _KNOWN_HINTS:
        _KNOWN_HINTS[kind] = get_type_hints(kind)
    return _KNOWN_HINTS[kind]
