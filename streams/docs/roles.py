"""roles.md: who does what by when, as the shipped policy has it."""

from __future__ import annotations

from datetime import date
from typing import Final

from streams.decisions.case import Timing
from streams.decisions.deadlines import KEEPS_ROLE, deadline
from streams.decisions.grounds import GROUND_TASKS, GroundTask
from streams.domain.decision import Draft
from streams.domain.london import at, date_of, day_number, local_date, wall
from streams.domain.time import DAY, MINUTE, Instant
from streams.domain.vocabulary import ROLES, Ground, Priority, Reason, Role
from streams.policy.model import Policy

from .page import code, page, table

#: What each role covers, in words.
COVERS: Final[dict[Role, str]] = {
    Role.ADMIN: "Reception: contact details, permissions, letters, people who cannot be reached",
    Role.BOOK: "Booking and clinics: everything about an appointment that is near",
    Role.CLIN: "The requesting or responsible clinician: results, follow-up, proxies",
    Role.DUTY: "The duty clinician: critical results and emergencies",
    Role.PHARM: "The pharmacist: wrong medication",
    Role.SAFE: "The safeguarding lead: protected people, threats, safe-contact plans",
    Role.CG: "The Caldicott Guardian: approvals, ethics, what is unsure about confidentiality",
    Role.IG: "Information governance and data protection: objections and their answers",
    Role.CSO: "The clinical safety officer: wordings that are missing or overdue",
    Role.WL: "The waiting-list lead: validation of long lists",
    Role.PH: "The infection or public-health lead: communicable disease",
    Role.DQ: "Data quality: wrong numbers, unknown patients, bounced details, unreadable records",
    Role.PLAN: "The emergency-planning lead: weather, power and water",
    Role.SRE: "Those who run Heed: partitions that had to stop",
}
_MOMENTS: Final = (("Tuesday 10:00", date(2026, 12, 1), 600), ("Friday 18:00", date(2026, 12, 4), 1080))


def roles(policy: Policy) -> str:
    keeps = ", ".join(role for role in ROLES if role in KEEPS_ROLE)
    return page(
        "Roles, priorities, deadlines",
        "deploy/policy/default.yaml and streams/decisions/deadlines.py",
        "## Roles\n\nHolders are ids of posts or rotas, from the shipped policy. Deputies take over in order when the "
        "primary is away; P0 and P1 reach the on-call person when nobody else is there.",
        table(
            ("Role", "Covers", "Primary", "Deputies", "Lead", "On call"),
            (
                (
                    code(role),
                    COVERS[role],
                    policy.roles[role].primary,
                    ", ".join(policy.roles[role].deputies),
                    policy.roles[role].lead,
                    policy.roles[role].on_call,
                )
                for role in ROLES
            ),
        ),
        f"An in-window task (short notice) is R-BOOK's, with the role that its row names in copy. {keeps} keep theirs, "
        "and so do the tasks of stage 1, 6.1 and of a comms hold.",
        "## Priorities\n\nWhat the shipped policy makes of each priority for a task raised in an ordinary week (December "
        "2026, no bank holidays). *In-window* means short notice; there P1 runs on elapsed time.",
        table(
            (
                "Priority",
                "",
                *(
                    f"raised {name}: acknowledge by" if part == 0 else "complete by"
                    for name, _, _ in _MOMENTS
                    for part in (0, 1)
                ),
            ),
            (
                (priority, "in-window" if in_window else "otherwise", *_times(priority, in_window, policy))
                for priority in Priority
                for in_window in (True, False)
                if priority is not Priority.P0 or in_window
            ),
        ),
        f"P0 runs on elapsed time always. A row or ground may give less time. Nothing is due later than {_minutes(policy)} "
        "before the patient has to know (`action_buffer_min`); where that leaves under 15 minutes the task is P0.",
        "An unfinished task goes to the deputy at 50 % of its time and to the lead or on-call person at 75 %; at 100 % it "
        "is an incident in the safety log. A missed deadline never sends a message (B8).",
        "## Grounds\n\nThe eight grounds on which an objected channel may be used for one message (B7): whose task it is "
        "when only objected channels remain, and who must approve. Approvers are different people.",
        table(
            ("Ground", "About", "Task", "Priority", "Within", "Approved by"),
            ((ground, _ABOUT[ground], *_ground(GROUND_TASKS[ground])) for ground in Ground),
        ),
    )


_ABOUT: Final[dict[Ground, str]] = {
    Ground.G1: "Communicable disease: people must call at once",
    Ground.G2: "Validation of a long waiting list",
    Ground.G3: "An appointment within 48 hours is cancelled, postponed or moved",
    Ground.G4: "Weather, power or water, and vulnerable people",
    Ground.G5: "The primary method of contact fails",
    Ground.G6: "The link to a virtual consultation",
    Ground.G7: "A credible threat",
    Ground.G8: "Wrong medication was prescribed",
}


def _ground(task: GroundTask) -> tuple[str, str, str, str]:
    within = "the priority's own" if task.within is None else f"{task.within // MINUTE} minutes"
    approvers = " and ".join(" or ".join(sorted(roles)) for roles in task.approvers)
    return task.role, task.priority, within, approvers


def _minutes(policy: Policy) -> str:
    return f"{policy.action_buffer // MINUTE} minutes"


def _times(priority: Priority, in_window: bool, policy: Policy) -> list[str]:
    found = []
    for _, day, minutes in _MOMENTS:
        now = at(day_number(day), minutes)
        draft = Draft(Role.ADMIN, priority, Reason.DATA_QUALITY, unbound=True)
        by = deadline(draft, Timing(short_notice=in_window), policy, now)
        found += [_spoken(by.acknowledge_by), _spoken(by.due_at)]
    return found


def _spoken(instant: Instant) -> str:
    minutes = wall(instant) % DAY // MINUTE
    return f"{date_of(local_date(instant)):%a} {minutes // 60:02d}:{minutes % 60:02d}"
