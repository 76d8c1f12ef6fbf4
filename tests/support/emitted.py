"""A message and a task as a worker emits them, made up; changes by name."""

import msgspec

from streams.domain.records import Basis, EscalationTask, SendCommand, Subject
from streams.domain.vocabulary import (
    Channel,
    Ground,
    Level,
    Priority,
    Purpose,
    Reason,
    RecipientRole,
    Role,
    SubjectKind,
    TaskStatus,
)
from streams.policy.model import Policy
from streams.policy.render import sample
from streams.policy.templates import Template

NOW = 1_800_000_000_000
SUBJECT = Subject(SubjectKind.APPOINTMENT, "A1", 2)


def template(of: Policy, purpose: Purpose = Purpose.APPT_CANCEL) -> Template:
    return next(t for t in of.templates.templates if purpose in t.purposes and Channel.SMS in t.channels)


def command(of: Policy, **changes: object) -> SendCommand:
    wording = template(of)
    basis = Basis(
        "6(1)(e)", "9(2)(h)", "implied consent", RecipientRole.PATIENT, None, Purpose.APPT_CANCEL, Level.L1,
        Reason.PREFERRED, 1, None, (), wording.ref, ("7.1",), "c1", "p1", 7, NOW, NOW, NOW,
    )  # fmt: skip
    made = SendCommand(
        "c1", "d1", "P1", Purpose.APPT_CANCEL, SUBJECT, Channel.SMS, RecipientRole.PATIENT, None, "+447700900001",
        wording.id, wording.version, sample(wording), "en", Level.L1, Reason.PREFERRED, basis, None, 7, "p1", NOW, NOW,
        None, NOW,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def task(**changes: object) -> EscalationTask:
    made = EscalationTask(
        "t1", 1, TaskStatus.OPEN, "P1", "d1", Role.BOOK, (), Priority.P1, Reason.OVERRIDE_NEEDED, SUBJECT,
        Purpose.APPT_CANCEL, NOW, NOW, "rota", (), (Channel.SMS,), None, Ground.G3, "p1", NOW,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)
