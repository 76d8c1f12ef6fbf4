"""Random facts and records: any value the types allow, built from the structs themselves."""

from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from streams.domain.events import BODY_OF, Envelope, Event
from streams.domain.vocabulary import INPUT_TOPICS, Topic

LONGS = st.integers(-(2**63), 2**63 - 1)
INTS = st.integers(-(2**31), 2**31 - 1)
#: Fields of 32 bits in the schemas.
SHORT_NUMBERS = {"shared_with", "partition"}
#: Mostly the times that occur, and all others that can be written.
INSTANTS = st.integers(1_000_000_000_000, 2_000_000_000_000) | LONGS
TEXTS = st.text(max_size=12) | st.text("abc-", min_size=60, max_size=70)


@cache
def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of one type: a struct, a symbol, a list, a mapping, text, a number, or one of several."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        fields = st.fixed_dictionaries(
            {name: INTS if name in SHORT_NUMBERS else values(hint) for name, hint in hints.items()}
        )
        return fields.map(lambda named: kind(**named))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(TEXTS, TEXTS, max_size=3)
    if NoneType in arguments:
        return st.none() | st.one_of([values(member) for member in arguments if member is not NoneType])
    return {str: TEXTS, int: INSTANTS, bool: st.booleans()}[kind]


@st.composite
def events(draw: st.DrawFn, topics: tuple[Topic, ...] = INPUT_TOPICS) -> Event:
    """Any event of one of these topics; its patient has an id, since its key must name one."""
    topic = draw(st.sampled_from(topics))
    envelope = draw(values(Envelope).filter(lambda envelope: envelope.patient_id))
    return Event(topic, envelope, draw(values(BODY_OF[topic])))
