"""The ordered rules, one module a stage: what to do about one event, for one patient, at one moment.

Read ``rules`` beside decisions.md, then ``decide``; ``respond`` is what the worker calls.
"""

from .case import Environment
from .respond import Response, adopt, refuse, respond, wake
from .unwritable import wake_refused

__all__ = ["Environment", "Response", "adopt", "refuse", "respond", "wake", "wake_refused"]
