"""Random stories: steps as a scenario file writes them, so that every failing one is a file that runs again."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from streams.scenarios.times import instant, written

#: One entry of ``given`` or ``when``: ``{"at": "+30s", "appointment": {...}}``.
StepText: TypeAlias = dict[str, Any]

CLOCK: Final = "2026-12-01T11:00:00+00:00"  # a Tuesday
START: Final = instant(CLOCK)
CHANNELS: Final = ("nhs_app", "sms", "email", "letter")
SERVICES: Final = ("GEN", "DERM")

#: Waits that fall on, before and after the windows, settle times and deadlines that rules speak of.
GAPS: Final = (
    0, 1, 1_000, 29_999, 30_000, 60_000, 600_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000,
)  # fmt: skip
gaps = st.sampled_from(GAPS)

channels = st.sampled_from(CHANNELS)
some_channels = st.lists(channels, max_size=3, unique=True)
services = st.sampled_from(SERVICES)
booleans = st.booleans()


def rarely(value: Any, otherwise: Any) -> st.SearchStrategy[Any]:
    """``value`` about one time in twelve; shrinks to ``otherwise``."""
    return st.sampled_from([otherwise] * 11 + [value])


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[StepText]:
    """Some of the fields; shrinks to none, so that a failing story says only what matters."""
    return st.fixed_dictionaries({}, optional=fields)


def contacts() -> st.SearchStrategy[list[Any]]:
    detail = st.fixed_dictionaries(
        {"channel": channels},
        optional={
            "bounced": rarely(True, False),
            "unsafe": rarely(True, False),
            "restricted": rarely(True, False),
            "shared_with": rarely(1, 0),
            "relationship_recorded": booleans,
            "verified_at": rarely("-366d", "-10d"),
        },
    )
    return st.lists(st.one_of(channels, channels, detail), max_size=4)


def sections() -> st.SearchStrategy[StepText]:
    """A patient event that says one thing."""
    every = {
        "identity": optional(
            born=st.sampled_from(["1980-01-01", "1950-01-01", "2010-12-02", "2018-05-01"]),
            death=rarely("INFORMAL", "NONE"),
            record_status=rarely("INVALID", "VALID"),
            sensitive_flag=rarely(True, False),
            exit_code=rarely("EMB", None),
            lacks_capacity=rarely(True, False),
            competent_for=rarely(["GEN"], []),
        ),
        "contacts": contacts(),
        "preferences": optional(channels=some_channels),
        "permissions": st.lists(
            st.fixed_dictionaries(
                {
                    "channel": channels,
                    "state": st.sampled_from(["NOT_ASKED", "OPTED_IN", "DECLINED", "WITHDRAWN"]),
                },
                optional={
                    "max_level": st.sampled_from(["L0", "L1", "L3", "L4"]),
                    "excluded_purposes": rarely(["RESULT_AVAILABLE"], []),
                },
            ),
            max_size=3,
            unique_by=lambda permission: str(permission["channel"]),
        ),
        "needs": st.lists(
            st.fixed_dictionaries(
                {"kind": st.sampled_from(["BSL", "LARGE_PRINT"]), "accessible_channels": some_channels}
            ),
            max_size=1,
        ),
        "safe_contact": optional(active=booleans, channels=some_channels),
        "proxies": proxies(),
        "hold": optional(active=rarely(True, False), owner_role=st.sampled_from(["R-IG", "R-CG"])),
    }
    return st.one_of(*(st.fixed_dictionaries({name: section}) for name, section in every.items()))


def proxies() -> st.SearchStrategy[list[StepText]]:
    return st.lists(
        optional(
            basis=st.sampled_from(["PARENTAL", "NOMINATED", "LPA"]),
            mode=st.sampled_from(["STANDS_IN", "INSTEAD_OF"]),
            verified=rarely(False, True),
            excluded=rarely(True, False),
            purposes=rarely(["RESULT_AVAILABLE"], []),
            reviewed_at=st.sampled_from([None, "-10d"]),
            contacts=contacts(),
            objected_channels=some_channels,
        ),
        max_size=2,
    )


REASONS: Final = (
    "PREFERS_OTHER_METHOD", "COST", "NOT_GIVEN", "UNKNOWN", "SAFETY_DOMESTIC_ABUSE", "SENSITIVE_SERVICE_PRIVACY",
    "HARM_OR_DISTRESS",
)  # fmt: skip


def objections() -> st.SearchStrategy[StepText]:
    return optional(
        objection_id=st.sampled_from(["O1", "O2"]),
        action=st.sampled_from(["RECORDED", "RECORDED", "AMENDED", "WITHDRAWN"]),
        scope=st.sampled_from(
            ["METHOD", "METHOD", "METHOD_GROUP", "METHOD_AND_SERVICE", "SERVICE", "WHOLE_CARE"]
        ),
        channels=st.lists(channels, min_size=1, max_size=3, unique=True),
        services=st.lists(services, min_size=1, max_size=1),
        reason=st.one_of(st.sampled_from(REASONS[:2]), st.sampled_from(REASONS)),
        exceptions=st.sampled_from(
            [[], [{"purposes": ["APPT_CANCEL"], "channels": ["sms", "email"], "short_notice_only": True}]]
        ),
        assessment=st.sampled_from([None, {"grounds": ["G3", "G5"], "acceptable": True}]),
        patient_only=rarely(True, False),
    ).map(_with_group)


def _with_group(objection: StepText) -> StepText:
    return objection | ({"channel_group": "ELECTRONIC"} if objection.get("scope") == "METHOD_GROUP" else {})


#: Starts, counted from when the event is told: past, within the useful notice, at short notice, far away.
STARTS: Final = tuple(hours * 3_600_000 for hours in (336, 72, 48, 22, 7, 1, -1))


def appointments() -> st.SearchStrategy[StepText]:
    return st.fixed_dictionaries(
        {"starts_at": st.sampled_from(STARTS)},  # made a time by ``placed``
        optional={
            "appointment_id": st.sampled_from(["A1", "A2"]),
            "status": st.sampled_from(["BOOKED", "CANCELLED", "CANCELLED", "BOOKED", "ATTENDED", "UNKNOWN"]),
            "service_code": services,
            "service_sensitive": rarely(True, None),
            "site": st.sampled_from(["Main Hospital", "North Wing"]),
            "mode": st.sampled_from(["IN_PERSON", "VIDEO", "PHONE"]),
            "join_link_ref": st.sampled_from([None, "https://video.example.org/a"]),
            "room": st.sampled_from([None, "2"]),
            "initiated_by": st.sampled_from(["PROVIDER", "PATIENT"]),
            "starts_precision": rarely("DAY", "INSTANT"),
            "family_name": rarely("Exempel", None),
            "replay": rarely(True, False),
        },
    )


def placed(fields: StepText, at: int) -> StepText:
    """The event as it is told at this moment: its start becomes a time."""
    if isinstance(fields.get("starts_at"), int):
        return {**fields, "starts_at": written(at + fields["starts_at"])}
    return fields


def results() -> st.SearchStrategy[StepText]:
    return optional(
        result_id=st.sampled_from(["R1", "R2"]),
        status=st.sampled_from(["FINAL", "FINAL", "FINAL", "PRELIMINARY", "CORRECTED", "CANCELLED"]),
        service_code=services,
        reviewed=rarely(False, True),
        release=st.sampled_from(["NOTIFY", "NOTIFY", "NOTIFY", "UNSET", "DO_NOT_NOTIFY", "DISCUSS_FIRST"]),
        critical=rarely(True, False),
        bad_news=rarely(True, False),
        abnormal=st.sampled_from([None, True, False]),
        sensitive_test=rarely(True, None),
        within_threshold=booleans,
    )


PURPOSES: Final = (
    "APPT_REMINDER", "PRESCRIPTION_READY", "ADMIN_REPLY", "FOLLOW_UP_CHECK", "VACCINATION_INVITE",
    "COMMUNICABLE_ALERT", "MEDICATION_ERROR", "THREAT_CONTACT", "WAITLIST_VALIDATION", "BAD_NEWS", "RESEARCH",
    "UNKNOWN",
)  # fmt: skip


#: Who may raise the purposes that are grounds; others need nobody.
RAISERS: Final = {
    "COMMUNICABLE_ALERT": "R-PH", "MEDICATION_ERROR": "R-PHARM", "THREAT_CONTACT": "R-SAFE", "WAITLIST_VALIDATION": "R-WL",
}  # fmt: skip


def requests() -> st.SearchStrategy[StepText]:
    return st.fixed_dictionaries(
        {"purpose": st.sampled_from(PURPOSES), "request_id": st.sampled_from(["Q1", "Q2"])},
        optional={
            "service_code": services,
            "appointment_id": st.sampled_from(["A1", "A2"]),
            "needed_by": st.sampled_from([None, "+2d"]),
            "campaign_ref": rarely("c1", None),
            "ethics_review": rarely(True, False),
        },
    ).map(_raised)


def _raised(request: StepText) -> StepText:
    role = RAISERS.get(request["purpose"])
    return request if role is None else {**request, "authorised_by": "somebody-1", "authoriser_role": role}


receipts = st.fixed_dictionaries(
    {
        "status": st.sampled_from(
            [
                "DELIVERED",
                "READ",
                "ACCEPTED",
                "TEMPORARY_FAILURE",
                "PERMANENT_FAILURE",
                "TECHNICAL_FAILURE",
                "REFUSED",
            ]
        )
    }
)


def resolutions() -> st.SearchStrategy[StepText]:
    acted = st.fixed_dictionaries(
        {"kind": st.sampled_from(["CLAIMED", "RELEASED", "CONTACTED", "CLOSED", "OVERRIDE_REFUSED"])},
        optional={"outcome_code": st.just("done"), "by": st.sampled_from(["one-1", "two-2"])},
    )
    evidence = {
        "by": st.just("book-1"),
        "second_by": st.sampled_from(["ig-1", "book-1"]),
        "second_role": st.sampled_from(["R-IG", "R-CG", "R-DQ"]),
        "role": st.sampled_from(["R-BOOK", "R-SAFE"]),
        "rationale_ref": st.just("r1"),
        "objection_id": st.sampled_from(["O1", "O2"]),
        "objection_version": st.sampled_from([1, 2]),
        "ground": st.sampled_from(["G3", "G5"]),
        "channel": channels,
    }
    approved = st.fixed_dictionaries({"kind": st.just("OVERRIDE_APPROVED"), **evidence})
    standing = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["STANDING_DECISION", "STANDING_REVOKED"]),
            **evidence,
            "purposes": st.just(["APPT_CANCEL", "APPT_CHANGE"]),
            "max_level": st.just("L1"),
            "valid_from": st.just("-1d"),
            "valid_to": st.just("+100d"),
        }
    )
    return st.one_of(acted, approved, standing)


EVENTS: Final[dict[str, st.SearchStrategy[StepText]]] = {
    "patient": sections(),
    "objection": objections(),
    "appointment": appointments(),
    "result": results(),
    "request": requests(),
}


def steps(*names: str) -> st.SearchStrategy[list[StepText]]:
    """A list of events of these kinds, each some time after the one before."""
    one = st.sampled_from(names or tuple(EVENTS)).flatmap(
        lambda name: st.tuples(gaps, st.just(name), EVENTS[name])
    )
    return st.lists(one, min_size=1, max_size=8).map(_timed)


def _timed(drawn: list[tuple[int, str, StepText]]) -> list[StepText]:
    at, story = START, []
    for gap, name, fields in drawn:
        at += gap
        story.append({"at": written(at), name: placed(fields, at)})
    return story
