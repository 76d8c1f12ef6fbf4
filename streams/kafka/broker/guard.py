"""End the broker when whoever started it is gone, however it went.

Run as a script, ``python guard.py JSON``, with a pipe from the parent on standard input. A killed parent
cannot clean up; the operating system closes its pipe, and that is what is watched here.
The JSON object: ``run`` the command, ``log`` the file for its output, ``finally`` a command for the end or null.
Standard output gets one line, the pid of the command. Ends when the command ends, on end of input, when the
parent has changed, or on SIGTERM. A line "keep" before the end of input leaves ``finally`` out.

Imports the standard library only, so that it starts in some 20 ms under ``python -I -S``.
"""

import json
import os
import select
import signal
import subprocess
import sys
from types import FrameType

STOP_SECONDS = 10.0  # a broker with some hundred partitions stops in under 2 s
POLL_SECONDS = 0.2


def main(argument: str) -> int:
    plan = json.loads(argument)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C belongs to the parent, which stops us in its own order
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _ask_to_end)
    parent = os.getppid()
    with open(plan["log"], "ab", buffering=0) as log:
        child = subprocess.Popen(
            plan["run"], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip
        sys.stdout.write(f"{child.pid}\n")
        sys.stdout.flush()
        keep = _wait(child, parent)
        _end(child)
        if plan["finally"] and not keep:
            subprocess.run(plan["finally"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    return child.returncode


class _End(Exception):
    pass


def _ask_to_end(_signal: int, _frame: FrameType | None) -> None:
    raise _End


def _wait(child: "subprocess.Popen[bytes]", parent: int) -> bool:
    """Return when it is time to end; true if the parent wants to keep what ``finally`` removes."""
    keep = False
    try:
        while child.poll() is None and os.getppid() == parent:
            readable, _, _ = select.select([0], [], [], POLL_SECONDS)
            if readable:
                said = os.read(0, 64)
                if not said:
                    break
                keep = keep or b"keep" in said
    except _End:
        pass
    return keep


def _end(child: "subprocess.Popen[bytes]") -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # already on it
    if child.poll() is None:
        child.send_signal(signal.SIGCONT)  # a frozen one could not obey
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def die_with_parent() -> None:
    """On Linux the kernel kills the broker should this guard be killed; elsewhere there is no such thing."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
