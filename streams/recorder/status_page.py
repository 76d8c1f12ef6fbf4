"""What the recorder's status page says."""

from importlib import metadata

from streams.ops.metrics import value
from streams.ops.status import Figure, Section, Status, age


def status_of(partitions: int, oldest: float, heartbeat: float, reasons: tuple[str, ...]) -> Status:
    """``oldest``: how long the oldest message, task or objection has waited for its entry; ``heartbeat``: since the last one
    that came through was sent, where that is longest. In seconds."""
    unjustified = value("heed_record_unjustified_objected_sends_total")
    return Status(
        "Heed recorder",
        (f"Heed {metadata.version('heed')}", "Puts on record what the workers emit; it sends nothing."),
        reasons,
        (
            Section(
                "Safety: must be 0",
                (Figure("Sends in spite of an objection", f"{unjustified:.0f}", unjustified > 0),),
            ),
            Section(
                "Work",
                (
                    Figure("Oldest not on record", age(oldest), oldest > 60),
                    Figure("Last heartbeat through every partition", age(heartbeat), heartbeat > 60),
                    Figure("Partitions", str(partitions)),
                    Figure("Objections it could not read", f"{value('heed_record_unreadable_total'):.0f}"),
                ),
            ),
        ),
    )
