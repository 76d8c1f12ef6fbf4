"""``heed explain``: why something was decided."""

import argparse
import asyncio
import json
import sys
from typing import Final

from streams.settings import Settings

NAME: Final = "explain"
HELP: Final = "say why: every decision about a patient, or one, rule by rule"

EXAMPLES: Final = """\
Reads the decisions, commands and tasks of the patient's partition. Shows the rules that spoke, what was
considered, and the message and tasks that followed; no address, no wording, and no reason a person gave for an
objection. Exit code 1 when there is nothing about this patient, or no such decision.

A topic keeps a decision with its rules for 400 days, a task for 90, a message for 7. Of what is gone it shows what
its entry in the record says, which is kept for ever: channel, wording and ground.

examples:
  heed explain --patient P1
  HEED_LOG_KEY_FILE=/run/secrets/log-key heed explain --hash 9f3c1a0b5d7e2468
  heed explain --decision 0f5a5b0e-6a3b-5e53-a1d0-3c9f3a3d0c55 --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--patient", metavar="ID", help="the patient_id of the events")
    asked.add_argument("--decision", metavar="ID", help="the decision_id; reads every partition")
    asked.add_argument(
        "--hash", metavar="HASH", help="patient of a log line; needs HEED_LOG_KEY_FILE, reads every partition"
    )
    parser.add_argument("--json", action="store_true", help="write the explanations as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.kafka.client import check_reachable
    from streams.triage.explain import Explanation, as_json, explain_decision, explain_hash, explain_patient
    from streams.triage.telling import tell

    async def ask() -> list[Explanation]:
        await check_reachable(settings)
        if args.patient is not None:
            return await explain_patient(args.patient, settings)
        if args.hash is not None:
            return await explain_hash(args.hash, settings)
        return await explain_decision(args.decision, settings)

    found = asyncio.run(ask())
    if args.json:
        print(json.dumps(as_json(found), ensure_ascii=False, indent=2))
    else:
        for line in tell(found):
            print(line)
    if not found:
        what = "about this patient" if args.decision is None else "with this id"
        print(f"heed: there is no decision {what} in {settings.topic('decisions')}", file=sys.stderr)
    return 0 if found else 1
