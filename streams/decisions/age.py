"""Whether a patient is under the age at which parental proxies end (B11 rows 2 to 5)."""

from __future__ import annotations

from streams.domain.calendar import is_younger
from streams.domain.patient import PatientState
from streams.domain.time import Instant
from streams.errors import CannotDecide
from streams.policy.model import Policy


def is_minor(patient: PatientState, policy: Policy, now: Instant) -> bool:
    """Under ``proxy_suspend_age`` (16 by law); False when the birth date is not known (then B11.1).

    Errors: CannotDecide when the date of birth is no date: who may be told depends on it.
    """
    identity = patient.identity
    if identity is None or not identity.born:
        return False
    try:
        return is_younger(identity.born, policy.proxy_suspend_age, now)
    except ValueError as error:
        raise CannotDecide("the date of birth is no date") from error
