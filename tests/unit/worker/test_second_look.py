"""The second look counts what must never happen, and nothing that may."""

import msgspec
import pytest

from streams import decisions
from streams.decisions import Environment
from streams.decisions.framing import tell
from streams.demo.day import DayPlan, generate
from streams.domain.events import Event, Objection, ObjectionException
from streams.domain.patient import AppointmentEntry, ObjectionEntry, PatientState, Told
from streams.domain.position import Position
from streams.domain.records import Decision, Override, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import (
    Channel,
    ChannelGroup,
    Ground,
    ObjectionAction,
    ObjectionReason,
    Purpose,
    Reason,
    RecipientRole,
    Scope,
)
from streams.policy.load import default_path, load
from streams.recorder.evidence import unjustified as unjustified_by_evidence
from streams.worker.second_look import protected_override, unjustified, without_outcome
from tests.support.charts import appointment


@pytest.fixture(scope="module")
def commands() -> list[SendCommand]:
    """What a small generated day sends at once."""
    policy, shard, people = load(default_path()), ShardState(), dict[str, PatientState | None]()
    found: list[SendCommand] = []
    day = generate(DayPlan(100, 600, 5))
    for number, record in enumerate((*day.before, *day.during)):
        if not isinstance(record.value, Event):
            continue
        event, at = record.value, Position(record.value.topic, 0, number, record.at)
        patient_id = event.envelope.patient_id
        before = people.get(patient_id)
        answer = decisions.respond(patient_id, before, event, at, Environment(policy, record.at, shard))
        assert without_outcome(before, event, answer.patient, answer.outputs) == 0
        lost = [output for output in answer.outputs if not isinstance(output, Decision)]
        decided = len(answer.outputs) - len(lost)
        held = answer.patient is not None and bool(answer.patient.asked)
        if decided and not held and event.topic in ("appointments", "results", "requests"):
            assert without_outcome(before, event, answer.patient, lost) > 0
        people[patient_id], shard = answer.patient, answer.shard
        sent = [output for output in answer.outputs if isinstance(output, SendCommand)]
        for command in sent:
            assert not unjustified(answer.patient or PatientState(), command)
            assert not unjustified_by_evidence(command)
        found += sent
    return found


@pytest.fixture
def command(commands: list[SendCommand]) -> SendCommand:
    plain = next(command for command in commands if command.override is None)
    return msgspec.structs.replace(plain, channel=Channel.SMS, purpose=Purpose.APPT_CANCEL)


def objecting(body: Objection, version: int = 1, *, withdrawn: bool = False) -> PatientState:
    return PatientState(objections={body.objection_id: ObjectionEntry(version, body, 0, withdrawn)})


def objection(scope: Scope = Scope.METHOD, *channels: Channel) -> Objection:
    return Objection(
        "O1", ObjectionAction.RECORDED, scope, channels, reason=ObjectionReason.PREFERS_OTHER_METHOD
    )


@pytest.mark.parametrize(
    ("body", "forbidden"),
    [
        (objection(Scope.METHOD, Channel.SMS), True),
        (objection(Scope.METHOD, Channel.EMAIL), False),
        (objection(Scope.METHOD), True),  # no channel named: every channel
        (objection(Scope.METHOD, Channel.UNKNOWN), True),
        (objection(Scope.WHOLE_CARE), True),
        (objection(Scope.UNKNOWN), True),
        (objection(Scope.RECIPIENT), False),
        (msgspec.structs.replace(objection(Scope.METHOD_GROUP), channel_group=ChannelGroup.ELECTRONIC), True),
        (msgspec.structs.replace(objection(Scope.METHOD_GROUP), channel_group=None), True),
    ],
)
def test_a_send_in_spite_of_an_objection_is_seen(
    command: SendCommand, body: Objection, forbidden: bool
) -> None:
    assert unjustified(objecting(body), command) is forbidden


def test_a_withdrawn_objection_forbids_nothing(command: SendCommand) -> None:
    assert not unjustified(objecting(objection(Scope.METHOD, Channel.SMS), withdrawn=True), command)


def test_an_exception_is_no_override(command: SendCommand) -> None:
    exception = ObjectionException((Purpose.APPT_CANCEL,), (Channel.SMS,))
    body = msgspec.structs.replace(objection(Scope.METHOD, Channel.SMS), exceptions=(exception,))
    assert not unjustified(objecting(body), command)
    short = msgspec.structs.replace(exception, short_notice_only=True)
    assert unjustified(objecting(msgspec.structs.replace(body, exceptions=(short,))), command)


def test_an_exception_for_short_notice_looks_at_the_start_that_is_no_more(command: SendCommand) -> None:
    """Put off from tomorrow to some week: once that is told, the patient's state knows the new start only."""
    exception = ObjectionException((Purpose.APPT_CHANGE,), (Channel.SMS,), short_notice_only=True)
    body = msgspec.structs.replace(objection(Scope.METHOD, Channel.SMS), exceptions=(exception,))
    change = msgspec.structs.replace(command, purpose=Purpose.APPT_CHANGE)
    later = appointment(change.created_at + 57 * DAY)
    tomorrow = tell(appointment(change.created_at + 20 * HOUR), 1)

    def told(what: Told | None) -> PatientState:
        entry = AppointmentEntry(2, later, change.created_at, what)
        return msgspec.structs.replace(objecting(body), appointments={"A1": entry})

    after = told(tell(later, 2))
    assert not unjustified(after, change, told(tomorrow))
    assert unjustified(after, change, after)
    named = msgspec.structs.replace(later, previous_starts_at=change.created_at + 20 * HOUR)
    untold = msgspec.structs.replace(told(None), appointments={"A1": AppointmentEntry(1, named, 0, None)})
    assert not unjustified(after, change, untold)


def test_a_decision_counts_for_the_objection_and_version_it_names(command: SendCommand) -> None:
    override = Override(Ground.G3, Reason.OVERRIDE_ONE_OFF, "O1", 1, ("someone",), "ref", (), 0)
    decided = msgspec.structs.replace(command, override=override)
    body = objection(Scope.METHOD, Channel.SMS)
    assert not unjustified(objecting(body, version=1), decided)
    assert unjustified(objecting(body, version=2), decided)
    assert unjustified(objecting(msgspec.structs.replace(body, scope=Scope.WHOLE_CARE)), decided)


def test_an_override_that_claims_a_standing_decision_needs_one_on_file(command: SendCommand) -> None:
    override = Override(Ground.G3, Reason.OVERRIDE_STANDING, "O1", 1, ("someone",), "ref", (), 0)
    decided = msgspec.structs.replace(command, override=override)
    assert unjustified(objecting(objection(Scope.METHOD, Channel.SMS)), decided)


@pytest.mark.parametrize("mode", [Reason.OVERRIDE_STANDING, Reason.OVERRIDE_ASSESSED, Reason.OVERRIDE_POLICY])
@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        (ObjectionReason.SAFETY_DOMESTIC_ABUSE, True),
        (ObjectionReason.SENSITIVE_SERVICE_PRIVACY, True),
        (ObjectionReason.NOT_GIVEN, True),
        (ObjectionReason.PREFERS_OTHER_METHOD, False),
    ],
)
def test_a_machine_that_sets_a_protected_objection_aside_is_seen(
    command: SendCommand, mode: Reason, reason: ObjectionReason, counts: bool
) -> None:
    override = Override(Ground.G3, mode, "O1", 1, ("someone",), "ref", (), 0)
    decided = msgspec.structs.replace(command, override=override)
    body = msgspec.structs.replace(objection(Scope.METHOD, Channel.SMS), reason=reason)
    assert protected_override(objecting(body), decided) is counts
    assert not protected_override(objecting(body), command), "no override: the first look's business"
    assert not protected_override(objecting(body, withdrawn=True), decided)
    elsewhere = msgspec.structs.replace(body, channels=(Channel.EMAIL,))
    assert not protected_override(objecting(elsewhere), decided), "it covers another channel"


def test_a_person_may_set_a_protected_objection_aside(command: SendCommand) -> None:
    override = Override(Ground.G1, Reason.OVERRIDE_ONE_OFF, "O1", 1, ("someone",), "ref", (), 0)
    body = msgspec.structs.replace(
        objection(Scope.METHOD, Channel.SMS), reason=ObjectionReason.SAFETY_STALKING
    )
    assert not protected_override(objecting(body), msgspec.structs.replace(command, override=override))


def test_what_a_protected_objection_itself_excepts_is_not_set_aside(command: SendCommand) -> None:
    override = Override(Ground.G3, Reason.OVERRIDE_STANDING, "O2", 1, ("someone",), "ref", (), 0)
    exception = ObjectionException((Purpose.APPT_CANCEL,), (Channel.SMS,))
    body = msgspec.structs.replace(
        objection(Scope.METHOD, Channel.SMS),
        reason=ObjectionReason.SAFETY_STALKING,
        exceptions=(exception,),
    )
    assert not protected_override(objecting(body), msgspec.structs.replace(command, override=override))


@pytest.mark.parametrize(
    ("scope", "forbidden"),
    [
        (Scope.METHOD, False),
        (Scope.METHOD_AND_SERVICE, False),
        (Scope.SERVICE, True),
        (Scope.WHOLE_CARE, True),
    ],
)
def test_only_a_method_may_be_objected_to_for_the_patient_alone(
    command: SendCommand, scope: Scope, forbidden: bool
) -> None:
    body = msgspec.structs.replace(objection(scope), patient_only=True)
    to_proxy = msgspec.structs.replace(command, recipient_role=RecipientRole.PROXY)
    assert unjustified(objecting(body), to_proxy) is forbidden
    assert unjustified(objecting(body), command)
