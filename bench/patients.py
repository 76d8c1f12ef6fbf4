"""A table of many patients as a hospital has it: real packed states, most of them small, a few large.

Every state is what the rules left behind on the demo's generated day; only the mixture is chosen:

| Share | Who | Mean size |
|---|---|---|
| 75 % | nothing going on: who they are, how they may be reached, what they wish | 0.35 kB |
| 18 % | an appointment or a result of the last weeks | 0.9 kB |
| 6 % | three or four | 1.5 kB |
| 1 % | a dozen, with tasks | 4 kB |

Why so: England has 67 million people, some 120 million outpatient appointments a year, known three months ahead
and kept for one afterwards: at most every third patient on file has one.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from streams.demo.day import DayPlan, generate
from streams.domain.packing import pack, unpack
from streams.domain.patient import PatientState
from tests.support.hospital import Hospital

#: (share of a hundred, patients and events of the day they come from; None: at rest)
MIXTURE: Final = (
    (75, None),
    (18, DayPlan(1_000, 500)),
    (6, DayPlan(400, 800)),
    (1, DayPlan(150, 1_200)),
)
#: When the generated day is over: from then on its holds and tasks become due. London time.
OVER: Final = "2026-10-13T19:30:00+01:00"
_REMEMBERED_AT_REST: Final = 4


def states(count: int, seed: int = 1) -> Iterator[bytes]:
    """``count`` packed patients in a mixed order; the same for the same seed."""
    pools = [(share, _pool(plan)) for share, plan in MIXTURE]
    rng = Random(f"patients-{seed}")
    shares = [share for share, _ in pools]
    for pool in rng.choices([pool for _, pool in pools], weights=shares, k=count):
        yield pool[rng.randrange(len(pool))]


def _pool(plan: DayPlan | None) -> list[bytes]:
    hospital = Hospital()
    hospital.play(generate(plan or DayPlan(1_000, 500)))
    played = [unpack(packed) for packed in hospital.patients.values()]
    if plan is None:
        return [pack(_at_rest(patient)) for patient in played]
    return [pack(patient) for patient in played if patient.appointments or patient.results]


def _at_rest(patient: PatientState) -> PatientState:
    return msgspec.structs.replace(
        patient, appointments={}, results={}, requests={}, asked={}, sent={}, tasks={},
        recent=patient.recent[-_REMEMBERED_AT_REST:],
    )  # fmt: skip
