"""Scenarios (contract 6): policy stories in YAML, run against the rules with a settable clock and no Kafka.

``parse`` reads them, ``world`` plays them, ``match`` judges them, ``report`` tells the reader.
"""

from .coverage import Coverage
from .match import Problem
from .parse import read_files, read_string
from .play import Stage, Verdict, play
from .reading import BadScenario
from .story import Scenario
from .world import World

__all__ = [
    "BadScenario",
    "Coverage",
    "Problem",
    "Scenario",
    "Stage",
    "Verdict",
    "World",
    "play",
    "read_files",
    "read_string",
]
