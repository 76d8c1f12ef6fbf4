"""What `heed rebuild` says of a partition."""

import msgspec


class Rebuilt(msgspec.Struct, frozen=True):
    """What was done to one partition. ``decisions``: those the table had not seen; 0: it was as it must be.

    ``unwritable``: whose row could not be written (``no_room.named``). ``stopped``: it sends nothing until it is resumed.
    """

    partition: int
    decisions: int = 0
    inputs: int = 0
    patients: int = 0
    asked_again: int = 0
    unwritable: tuple[str, ...] = ()
    stopped: bool = False
