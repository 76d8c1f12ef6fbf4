"""The classes by which tasks and objections are counted, where what they stand for may not be a label."""

from streams.domain.vocabulary import PROTECTED_REASONS, UNCLEAR_REASONS, Priority


def urgency(priority: Priority) -> str:
    """Urgent tasks have minutes (S8), routine ones working days (S9)."""
    return "urgent" if priority <= Priority.P1 else "routine"


def reason_class(reason: str) -> str:
    """Protected, unclear or ordinary: the class may be counted, the reason may not (I12)."""
    if reason in PROTECTED_REASONS:
        return "protected"
    return "unclear" if reason in UNCLEAR_REASONS else "ordinary"
