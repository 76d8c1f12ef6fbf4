"""The cost of the steps of one event, without Kafka, against the budget; and how many instructions each runs.

Instructions are those of Python's own byte code: the same on every machine and in every run, where times are not. What
C does (msgspec, the batch builder) is not in them.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from .decide import calls, figures
from .session import Found, Session

#: CPU microseconds, from section 8 of the architecture; ``respond`` has decide, intake, framing and the outputs in it.
BUDGET: Final[dict[str, float]] = {
    "decode": 4.0,
    "unpack": 1.0,
    "decide": 8.0,
    "pack": 0.5,
    "encode_decision": 3.5,
    "encode_command": 4.0,
    "append_3": 3.0,
}


def measure(session: Session) -> Found:
    """Every step: microseconds, budget, instructions."""
    found = figures()
    counts = {name: instructions(call) for name, call in calls().by_name.items()}
    found["append_3"] = round(found.pop("append_100") * 0.03, 2)
    counts["append_3"] = round(counts.pop("append_100") * 0.03)
    state = int(found.pop("state_bytes"))
    rows = [
        {"step": name, "us": spent, "budget_us": BUDGET.get(name), "instructions": counts[name]}
        for name, spent in found.items()
    ]
    session.say("pure cost: " + ", ".join(f"{row['step']} {row['us']}" for row in rows))
    return {"rows": rows, "state_bytes": state}


def instructions(call: Callable[[], object]) -> int:
    """How many byte code instructions a call runs."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    call()  # once before: what is only done the first time does not count
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count
