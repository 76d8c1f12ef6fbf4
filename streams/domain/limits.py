"""How long a text may be, which characters it may hold, and which times can be true (rule 1.2).

Every event is asked, so the usual answer costs one look at all its texts together; only when that look
finds something odd is each field taken by itself. Decides nothing: intake quarantines what is found here.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from streams.domain.events import BODY_OF, Event
from streams.domain.field_types import INSTANT_FIELDS, is_struct
from streams.domain.time import DAY, Instant, Millis
from streams.domain.vocabulary import Reason

__all__ = ["EARLIEST_OCCURRED", "FURTHEST_START", "longest", "patient_named", "violation"]

#: Characters allowed in ids and codes, in names, and in free references (contract 2).
ID_LENGTH: Final = 128
NAME_LENGTH: Final = 200
FREE_LENGTH: Final = 500

_NAMES: Final = frozenset(
    {"site", "generic_site", "clinician", "room", "family_name", "given_name", "aliases"}
)
_FREE: Final = frozenset({"value", "reason", "parameters"})

#: 2000-01-01T00:00:00Z: nothing that is reported now became true before it (rule 1.2).
EARLIEST_OCCURRED: Final[Instant] = 946_684_800_000
#: Five years, two of them leap years: an appointment further away is a slip (rule 1.2).
FURTHEST_START: Final[Millis] = (5 * 365 + 2) * DAY
#: The years 1 to 9999, a day in from either end: what calendars and time zones can work with.
_EARLIEST: Final[Instant] = -62_135_510_400_000
_LATEST: Final[Instant] = 253_402_214_400_000

#: Entries in a list or mapping: far above any real one, far below what would make a patient's state grow
#: without bound (architecture 5).
ENTRIES: Final = 500

#: Control characters: C0 and C1, line and paragraph separators, the bidirectional controls, which make
#: a text show as something else, and halves of surrogate pairs, which are no characters.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def violation(event: Event, now: Instant) -> tuple[Reason, str] | None:
    """Find the first field of an event that breaks rule 1.2: the reason and the field's name.

    ``now`` is when the event was taken, UTC milliseconds. Reasons: ``field_too_long``,
    ``control_characters``, ``bad_time``; None when nothing is wrong. The answer never holds a value.
    """
    envelope, body = event.envelope, event.body
    if not EARLIEST_OCCURRED <= envelope.occurred_at <= _LATEST:
        return Reason.BAD_TIME, "occurred_at"
    texts: list[str | None] = [envelope.event_id, envelope.patient_id, envelope.source, envelope.recorded_by]
    instants: list[Instant | None] = []
    try:
        _GATHERERS[type(body)](body, texts, instants)
    except _TooManyEntries as field:
        return Reason.FIELD_TOO_LONG, str(field)
    if _is_odd(texts):
        found = _text_violation(envelope) or _text_violation(body)
        if found is not None:
            return found
    furthest = now + FURTHEST_START
    for instant in instants:
        if instant is not None and not EARLIEST_OCCURRED <= instant <= furthest:
            return _time_violation(body, furthest)
    return None


def _is_odd(texts: list[str | None]) -> bool:
    """Whether some text has to be looked at by itself: it is long, or a character in it is no usual one."""
    present = list(filter(None, texts))
    for text in present:
        if len(text) > ID_LENGTH:
            return True
    return not "".join(present).isprintable()


def longest(field: str) -> int:
    """Tell how many characters a text field may have, by its name.

    >>> longest("appointment_id"), longest("site"), longest("rationale_ref")
    (128, 200, 500)
    """
    if field in _NAMES:
        return NAME_LENGTH
    return FREE_LENGTH if field in _FREE or field.endswith("_ref") else ID_LENGTH


def _text_violation(part: msgspec.Struct) -> tuple[Reason, str] | None:
    for path, text in _texts(part):
        name = path.rpartition(".")[2]
        if len(text) > longest(name):
            return Reason.FIELD_TOO_LONG, path
        if not text.isprintable() and _CONTROL.search(text):
            return Reason.CONTROL_CHARACTERS, path
    return None


def _time_violation(part: msgspec.Struct, furthest: Instant) -> tuple[Reason, str] | None:
    for path, instant in _instants(part):
        if not _EARLIEST <= instant <= _LATEST:
            return Reason.BAD_TIME, path
        if path == "starts_at" and instant > furthest:
            return Reason.BAD_TIME, path
    return None


# --- the usual way: all texts at once, all instants at once ---------------------------------------

Getter = Callable[[Any], tuple[Any, ...]]
Gatherer = Callable[[Any, list[str | None], list[Instant | None]], None]


@cache
def _gatherer(type_: type[msgspec.Struct]) -> Gatherer:
    """Compile the function that adds a struct's texts and instants, lists and parts included, to two lists."""
    kinds = get_type_hints(type_)
    texts = _getter([name for name, kind in kinds.items() if _not_null(kind) is str])
    instants = _getter([name for name in kinds if name in INSTANT_FIELDS])
    parts = [(name, each) for name, kind in kinds.items() if (each := _part(kind)) is not None]
    lists = [(name, each) for name, kind in kinds.items() if (each := _list(kind)) is not None]

    def gather(part: Any, found: list[str | None], times: list[Instant | None]) -> None:
        found += texts(part)
        times += instants(part)
        for name, one in parts:
            value = getattr(part, name)
            if value is not None:
                one(value, found, times)
        for name, each in lists:
            value = getattr(part, name)
            if value:
                if len(value) > ENTRIES:
                    raise _TooManyEntries(name)
                each(value, found, times)

    return gather


def _part(kind: Any) -> Gatherer | None:
    """Give what gathers from a field that holds a part; None for any other field."""
    kind = _not_null(kind)
    return _gatherer(kind) if is_struct(kind) else None


def _list(kind: Any) -> Gatherer | None:
    """Give what gathers from a field that holds a list or a mapping; None for any other field."""
    kind = _not_null(kind)
    if get_origin(kind) is dict:
        return lambda mapping, found, times: found.extend((*mapping, *mapping.values()))
    if get_origin(kind) is not tuple:
        return None
    item = get_args(kind)[0]
    if item is str:
        return lambda items, found, times: found.extend(items)
    if not is_struct(item):
        return lambda items, found, times: None
    one = _gatherer(item)

    def each(items: Any, found: list[str | None], times: list[Instant | None]) -> None:
        for part in items:
            one(part, found, times)

    return each


def _getter(names: list[str]) -> Getter:
    """Like ``attrgetter``, for any number of names, none included."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda part: tuple(getattr(part, name) for name in names)


def _not_null(kind: Any) -> Any:
    if get_origin(kind) not in (Union, UnionType):
        return kind
    return next(member for member in get_args(kind) if member is not NoneType)


class _TooManyEntries(Exception):
    """A list or mapping is longer than ``ENTRIES``; the argument is the field's name."""


_GATHERERS: Final = {body: _gatherer(body) for body in BODY_OF.values()}


# --- the careful way: every field by itself ------------------------------------------------------


def _leaves(part: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Give every value inside a struct, list or mapping with the names of the fields that lead to it."""
    if isinstance(part, msgspec.Struct):
        for field in msgspec.structs.fields(part):
            name = f"{path}.{field.encode_name}" if path else field.encode_name
            yield from _leaves(getattr(part, field.name), name)
    elif isinstance(part, tuple):
        for item in part:
            yield from _leaves(item, path)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield f"{path}.key", key
            yield path, value
    elif part is not None:
        yield path, part


def _texts(part: msgspec.Struct) -> Iterator[tuple[str, str]]:
    # An enum member is text too, but one from our own lists.
    return ((path, leaf) for path, leaf in _leaves(part, "") if type(leaf) is str)


def _instants(part: msgspec.Struct) -> Iterator[tuple[str, int]]:
    return ((path, leaf) for path, leaf in _leaves(part, "") if path.rpartition(".")[2] in INSTANT_FIELDS)


def patient_named(key: bytes | None) -> str | None:
    """The patient that a record's key names, when it can be one (contract 2: ids of at most 128 characters).

    >>> patient_named(b"P1"), patient_named(None), patient_named(b"\\xff")
    ('P1', None, None)
    """
    try:
        text = "" if key is None else key.decode()
    except UnicodeDecodeError:
        return None
    return text if 0 < len(text) <= ID_LENGTH and text.isprintable() else None
