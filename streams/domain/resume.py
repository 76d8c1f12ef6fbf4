"""What a person writes when something may go on that was stopped: a partition's messages, or the reading of a topic.

The first was stopped by an objection that nobody could place (rule 1.1), the second because too much of the topic was
unreadable. Either is a resolution like any other: in the resolutions topic, under a key that is no patient's and lies
in the partition it is for. On the second the worker acts when it arrives, since what is stopped may hold up resolutions
too; the rules put it on record in its turn.
"""

from typing import Final

import msgspec

from .events import Resolution
from .vocabulary import INPUT_TOPICS, ResolutionKind, Role, Topic

#: How the key of such a resolution begins; a number follows that leads into the partition.
CONTROL: Final = "heed-partition-"
#: Who may let a partition go on.
MAY_RESUME: Final = frozenset({Role.SRE, Role.IG})
#: The outcome code with which a stopped partition sends again.
RESUME_PARTITION: Final = "resume_partition"
_WORD: Final = "resume_topic"
#: An offset has no more digits than this: what is longer has no place in a shard's row.
_DIGITS: Final = 18
_TOPICS: Final = {topic.value: topic for topic in INPUT_TOPICS}


class ResumeTopic(msgspec.Struct, frozen=True):
    """``through``: records below this offset are set aside without stopping again; 0: as watchful as ever."""

    topic: Topic
    through: int = 0

    def as_code(self) -> str:
        """The outcome code that says so.

        >>> ResumeTopic(Topic.RESULTS, 120).as_code()
        'resume_topic:results:120'
        """
        return f"{_WORD}:{self.topic}:{self.through}"


def resumes_partition(body: Resolution) -> bool:
    """Whether a resolution lets its partition send again."""
    return body.outcome_code == RESUME_PARTITION and body.kind is ResolutionKind.CLOSED


def resumed_topic(body: Resolution) -> ResumeTopic | None:
    """What a resolution lets go on; None when it is about something else."""
    word, _, rest = (body.outcome_code or "").partition(":")
    name, _, through = rest.partition(":")
    if word != _WORD or body.kind is not ResolutionKind.CLOSED or name not in _TOPICS:
        return None
    # isdigit alone also takes digits that int does not, such as a superscript.
    offset = through.isascii() and through.isdigit() and len(through) <= _DIGITS
    return ResumeTopic(_TOPICS[name], int(through)) if offset else None


def may_resume(body: Resolution) -> bool:
    """Only the platform's or the information governance lead's people, and only with a finding written down."""
    return body.role in MAY_RESUME and bool(body.rationale_ref)
