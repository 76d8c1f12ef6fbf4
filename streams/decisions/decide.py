"""The walk through the table: the first outcome ends it, and every row that spoke is named."""

from __future__ import annotations

import msgspec

from streams.domain.decision import Hold, Verdict
from streams.domain.vocabulary import Reason
from streams.errors import CannotDecide

from .case import Case
from .rules import RULES_FOR, Rule
from .selection import Tested
from .traits import traits_of


class Ruling(msgspec.Struct, frozen=True, gc=False):
    """What was decided, by which row, along which path; ``case`` is the context it was decided in."""

    verdict: Verdict
    rule: str
    path: tuple[str, ...]
    case: Case


def decide(case: Case, rules: tuple[Rule, ...] | None = None) -> Ruling:
    """Ask the rows in order. Equal cases give equal rulings (I7).

    Errors: CannotDecide when a row raises or none answers; it names the row and the error's class, nothing
    of the patient. The caller gives the request to a person.
    """
    path: list[str] = list(case.asked.flags)
    context: Case | Tested = case
    for rule in RULES_FOR[case.asked.kind, traits_of(case)] if rules is None else rules:
        try:
            answer = rule.ask(context)
        except MemoryError:
            raise  # no mistake of the rule (``faults.trying``)
        except Exception as error:  # the one broad catch: it decides, a person takes over
            raise CannotDecide(f"rule {rule.id} failed: {type(error).__name__}") from error
        if answer is None:
            continue
        if type(answer) is Tested:  # row 7 prepares stages 7 to 9; it decides nothing
            context = answer
            continue
        if not path or path[-1] != rule.id:
            path.append(rule.id)
        if type(answer) is Case:
            context = answer
            continue
        final = context.case if isinstance(context, Tested) else context
        return Ruling(answer, _ended_by(rule.id, answer), tuple(path), final)
    raise CannotDecide("no rule answered; the last row of the table must always answer")


def _ended_by(rule_id: str, verdict: Verdict) -> str:
    """A message that stage 7 or 9 would send and B6 holds back was ended by B6 (B17)."""
    if verdict.reason is Reason.UNCONTACTABLE:
        return "B6.2"
    return "B6" if type(verdict) is Hold and rule_id.startswith(("7.", "9.")) else rule_id
