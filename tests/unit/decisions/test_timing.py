"""When a message may leave (B6), in London time, and until when it may be delivered."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.case import Case, Recipient
from streams.decisions.timing import confirm_by, release, unread_after, valid_until
from streams.domain.events import Preferences, SafeContact
from streams.domain.time import DAY, HOUR, MINUTE
from streams.domain.vocabulary import Channel, Purpose, Reason, RecipientRole, SubjectKind
from tests.support.charts import appointment, cancelled, case, known, request
from tests.support.times import uk

APP: Final = Channel.NHS_APP
SMS: Final = Channel.SMS


def change(now: str, start: str, patient: dict[str, Any] | None = None, **settings: Any) -> Case:
    """An appointment at ``start`` is cancelled, and decided ``now``."""
    state = known(APP, SMS, **(patient or {}))
    body = cancelled(uk(start))
    return case(state, body, told=appointment(uk(start)), now=uk(now), **settings)


def leaves(framed: Case, channel: Channel) -> tuple[int, Reason | None, bool] | None:
    found = release(framed, channel)
    return None if found is None else (found.at, found.reason, found.watch)


def at(moment: str, reason: Reason | None = None, *, watch: bool = False) -> tuple[int, Reason | None, bool]:
    return uk(moment), reason, watch


@pytest.mark.parametrize(
    ("now", "app", "sms"),
    [
        # with two weeks to go: quiet hours 21:00 to 08:00, texts on weekdays 08:00 to 18:00
        ("Tue 01 Dec 2026 11:00", at("Tue 01 Dec 2026 11:00"), at("Tue 01 Dec 2026 11:00")),
        ("Tue 01 Dec 2026 17:59:59.999", at("Tue 01 Dec 2026 17:59:59.999"), at("Tue 01 Dec 2026 17:59:59.999")),
        ("Tue 01 Dec 2026 18:00", at("Tue 01 Dec 2026 18:00"), at("Wed 02 Dec 2026 08:00", Reason.CHANNEL_WINDOW)),
        ("Tue 01 Dec 2026 20:59:59.999", at("Tue 01 Dec 2026 20:59:59.999"),
         at("Wed 02 Dec 2026 08:00", Reason.CHANNEL_WINDOW)),
        ("Tue 01 Dec 2026 21:00", at("Wed 02 Dec 2026 08:00", Reason.QUIET_HOURS),
         at("Wed 02 Dec 2026 08:00", Reason.QUIET_HOURS)),
        ("Wed 02 Dec 2026 07:59:59.999", at("Wed 02 Dec 2026 08:00", Reason.QUIET_HOURS),
         at("Wed 02 Dec 2026 08:00", Reason.QUIET_HOURS)),
        ("Wed 02 Dec 2026 08:00", at("Wed 02 Dec 2026 08:00"), at("Wed 02 Dec 2026 08:00")),
        ("Fri 04 Dec 2026 22:30", at("Sat 05 Dec 2026 08:00", Reason.QUIET_HOURS),
         at("Mon 07 Dec 2026 08:00", Reason.CHANNEL_WINDOW)),
    ],
)  # fmt: skip
def test_with_time_to_go(now: str, app: tuple[int, Reason, bool], sms: tuple[int, Reason, bool]) -> None:
    framed = change(now, "Thu 17 Dec 2026 10:00")
    assert (leaves(framed, APP), leaves(framed, SMS)) == (app, sms)


@pytest.mark.parametrize(
    ("now", "start", "app", "sms"),
    [
        # inside the urgent window 07:00 to 22:00 quiet hours give way, the text's window does not
        ("Tue 01 Dec 2026 21:30", "Thu 03 Dec 2026 10:00", at("Tue 01 Dec 2026 21:30"),
         at("Wed 02 Dec 2026 08:00", Reason.QUIET_HOURS)),
        # outside it both wait, and the opening shift watches
        ("Tue 01 Dec 2026 22:00", "Thu 03 Dec 2026 10:00", at("Wed 02 Dec 2026 07:00", Reason.QUIET_HOURS, watch=True),
         at("Wed 02 Dec 2026 08:00", Reason.QUIET_HOURS, watch=True)),
        # the opening at 07:00 leaves exactly the useful notice; the text's is too late
        ("Tue 01 Dec 2026 23:00", "Wed 02 Dec 2026 09:00", at("Wed 02 Dec 2026 07:00", Reason.QUIET_HOURS, watch=True),
         None),
        # waiting would be too late: now, where the channel is open; the app is not before 06:00
        ("Tue 01 Dec 2026 23:00", "Wed 02 Dec 2026 08:59:59.999", None, None),
        ("Wed 02 Dec 2026 06:30", "Wed 02 Dec 2026 08:59", at("Wed 02 Dec 2026 06:30"), None),
        # less than two hours: what works now, whatever the hour
        ("Wed 02 Dec 2026 06:30", "Wed 02 Dec 2026 08:00", at("Wed 02 Dec 2026 06:30"), None),
        ("Wed 02 Dec 2026 10:00", "Wed 02 Dec 2026 11:00", at("Wed 02 Dec 2026 10:00"), at("Wed 02 Dec 2026 10:00")),
        # a minute of latency is the least a channel needs
        ("Wed 02 Dec 2026 10:00", "Wed 02 Dec 2026 10:01", at("Wed 02 Dec 2026 10:00"), at("Wed 02 Dec 2026 10:00")),
        ("Wed 02 Dec 2026 10:00", "Wed 02 Dec 2026 10:00:59.999", None, None),
    ],
)  # fmt: skip
def test_at_short_notice(
    now: str, start: str, app: tuple[int, Reason, bool] | None, sms: tuple[int, Reason, bool] | None
) -> None:
    framed = change(now, start)
    assert (leaves(framed, APP), leaves(framed, SMS)) == (app, sms)


WISHES: Final = {"preferences": Preferences(from_="17:00", to="18:00")}
PLAN: Final = {"safe_contact": SafeContact(True, (APP, SMS), "17:00", "18:00")}


@pytest.mark.parametrize(
    ("now", "start", "wish", "plan"),
    [
        ("Tue 01 Dec 2026 11:00", "Thu 17 Dec 2026 10:00", "Tue 01 Dec 2026 17:00", "Tue 01 Dec 2026 17:00"),
        ("Tue 01 Dec 2026 11:00", "Wed 02 Dec 2026 10:00", "Tue 01 Dec 2026 17:00", "Tue 01 Dec 2026 17:00"),
        # too late by the wish, which gives way; the plan's times close the channel
        ("Tue 01 Dec 2026 11:00", "Tue 01 Dec 2026 18:00", "Tue 01 Dec 2026 11:00", None),
        ("Tue 01 Dec 2026 11:00", "Tue 01 Dec 2026 12:30", "Tue 01 Dec 2026 11:00", None),
        ("Tue 01 Dec 2026 17:30", "Tue 01 Dec 2026 18:30", "Tue 01 Dec 2026 17:30", "Tue 01 Dec 2026 17:30"),
    ],
)
def test_a_wish_gives_way_and_a_safe_contact_plan_does_not(
    now: str, start: str, wish: str, plan: str | None
) -> None:
    wished = release(change(now, start, WISHES), APP)
    planned = release(change(now, start, PLAN), APP)
    assert wished is not None
    assert wished.at == uk(wish)
    assert (planned.at if planned is not None else None) == (uk(plan) if plan is not None else None)


@pytest.mark.parametrize(
    ("wishes", "leaves_at"),
    [
        (Preferences(from_="17:00"), "Tue 01 Dec 2026 17:00"),
        (Preferences(to="10:00"), "Wed 02 Dec 2026 08:00"),
        (Preferences(from_="10:00", to="10:00"), "Tue 01 Dec 2026 11:00"),
        (Preferences(), "Tue 01 Dec 2026 11:00"),
        (Preferences(from_="22:00", to="09:00"), "Wed 02 Dec 2026 08:00"),  # wraps midnight, ends in quiet hours
        (Preferences(from_="02:00", to="03:00"), "Tue 01 Dec 2026 11:00"),  # never meets the daytime: gives way
        (Preferences(from_="5 pm"), "Tue 01 Dec 2026 11:00"),  # nobody can read it: blocks nothing
    ],
)  # fmt: skip
def test_wished_times_may_be_open_at_one_end(wishes: Preferences, leaves_at: str) -> None:
    framed = change("Tue 01 Dec 2026 11:00", "Thu 17 Dec 2026 10:00", {"preferences": wishes})
    found = release(framed, APP)
    assert found is not None
    assert found.at == uk(leaves_at)


def test_times_that_never_meet_close_a_channel_of_a_safe_contact_plan() -> None:
    plan = {"safe_contact": SafeContact(True, (SMS,), "19:00", "20:00")}
    result_notice = case(known(SMS, **plan), SubjectKind.RESULT)
    assert release(result_notice, SMS) is None
    assert release(change("Tue 01 Dec 2026 11:00", "Thu 17 Dec 2026 10:00", plan), SMS) is None


def test_a_stand_in_has_no_wished_times() -> None:
    framed = change("Tue 01 Dec 2026 11:00", "Thu 17 Dec 2026 10:00", WISHES)
    reader = Recipient(RecipientRole.PROXY, "X1", framed.patient.contacts, ())
    found = release(replace(framed, recipient=reader), APP)
    assert found is not None
    assert found.at == framed.now


def test_a_channel_without_a_window_is_open_but_for_quiet_hours() -> None:
    framed = change("Sat 05 Dec 2026 12:00", "Thu 17 Dec 2026 10:00")
    channels = {**framed.policy.channels, SMS: replace(framed.policy.channels[SMS], window=None)}
    open_all_day = replace(framed, policy=replace(framed.policy, channels=channels))
    assert leaves(open_all_day, SMS) == at("Sat 05 Dec 2026 12:00")
    night = replace(open_all_day, now=uk("Sat 05 Dec 2026 23:00"))
    assert leaves(night, SMS) == at("Sun 06 Dec 2026 08:00", Reason.QUIET_HOURS)


@pytest.mark.parametrize(
    "purpose", [Purpose.COMMUNICABLE_ALERT, Purpose.OUTAGE_WELFARE, Purpose.MEDICATION_ERROR]
)
def test_safety_does_not_wait_for_quiet_hours_nor_wishes(purpose: Purpose) -> None:
    framed = case(known(APP, **WISHES), request(purpose), now=uk("Tue 01 Dec 2026 21:30"))
    assert leaves(framed, APP) == at("Tue 01 Dec 2026 21:30")


@pytest.mark.parametrize(
    ("now", "start", "arrives"),
    [
        # 18:00 on the sixth working day, and two hours to travel
        ("Tue 01 Dec 2026 11:00", "Wed 09 Dec 2026 20:00", True),
        ("Tue 01 Dec 2026 11:00", "Wed 09 Dec 2026 19:59:59.999", False),
        # Christmas Day, Boxing Day's substitute and New Year are no working days
        ("Tue 22 Dec 2026 11:00", "Mon 04 Jan 2027 20:00", True),
        ("Tue 22 Dec 2026 11:00", "Mon 04 Jan 2027 19:59:59.999", False),
        # Easter 2027
        ("Wed 24 Mar 2027 11:00", "Tue 06 Apr 2027 20:00", True),
        ("Wed 24 Mar 2027 11:00", "Fri 02 Apr 2027 20:00", False),
    ],
)
def test_a_letter_takes_six_working_days(now: str, start: str, arrives: bool) -> None:
    assert (release(change(now, start), Channel.LETTER) is not None) is arrives


def test_a_letter_that_nothing_hurries_goes() -> None:
    assert release(case(known(Channel.LETTER), SubjectKind.RESULT), Channel.LETTER) is not None


@pytest.mark.parametrize(
    ("left", "sms", "app"),
    [
        (14 * DAY, 24 * HOUR, 24 * HOUR),
        (48 * HOUR, 2 * HOUR, HOUR),
        (8 * HOUR, 2 * HOUR, HOUR),
        (8 * HOUR - 4, 2 * HOUR - 1, HOUR),
        (3 * HOUR, 45 * MINUTE, 45 * MINUTE),
        (40 * MINUTE, 10 * MINUTE, 10 * MINUTE),
        (MINUTE, 10 * MINUTE, 10 * MINUTE),
    ],
)
def test_how_long_a_receipt_is_waited_for(left: int, sms: int, app: int) -> None:
    now = uk("Tue 01 Dec 2026 11:00")
    framed = case(known(APP, SMS), cancelled(now + left), told=appointment(now + left))
    assert (confirm_by(framed, SMS) - now, confirm_by(framed, APP) - now) == (sms, app)
    assert confirm_by(framed, Channel.LETTER) == 0


@pytest.mark.parametrize(("left", "unread"), [(48 * HOUR, HOUR), (48 * HOUR + 1, 24 * HOUR)])
def test_how_long_an_app_message_may_stay_unread(left: int, unread: int) -> None:
    now = uk("Tue 01 Dec 2026 11:00")
    assert unread_after(case(known(APP), cancelled(now + left), told=appointment(now + left))) == unread


def test_a_provider_may_deliver_until_it_is_needed_or_for_three_days() -> None:
    framed = change("Tue 01 Dec 2026 11:00", "Wed 02 Dec 2026 10:00")
    assert valid_until(framed, SMS) == uk("Wed 02 Dec 2026 08:00")
    notice = case(known(SMS), SubjectKind.RESULT)
    assert valid_until(notice, SMS) == notice.now + 3 * DAY
    assert valid_until(notice, Channel.LETTER) == notice.now + 14 * DAY


@pytest.mark.parametrize(
    ("now", "leaves_at"),
    [
        # the clocks go forward on 28 March 2027, back on 25 October 2026: quiet hours end by the wall
        ("Sat 27 Mar 2027 23:00", "Sun 28 Mar 2027 08:00"),
        ("Sat 24 Oct 2026 23:00", "Sun 25 Oct 2026 08:00"),
        ("Sun 25 Oct 2026 01:30 BST", "Sun 25 Oct 2026 08:00"),
        ("Sun 25 Oct 2026 01:30 GMT", "Sun 25 Oct 2026 08:00"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(now: str, leaves_at: str) -> None:
    found = release(case(known(APP), appointment(uk(now) + 14 * DAY), now=uk(now)), APP)
    assert found is not None
    assert found.at == uk(leaves_at)


def test_a_safe_contact_plan_that_nobody_can_read_is_not_guessed() -> None:
    plan = {"safe_contact": SafeContact(True, (APP,), "after work")}
    with pytest.raises(ValueError, match="HH:MM"):
        release(change("Tue 01 Dec 2026 11:00", "Thu 17 Dec 2026 10:00", plan), APP)
