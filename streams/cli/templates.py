"""``heed templates``: the wordings patients read; what is wrong with one, and how it looks on arrival."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from streams.errors import BadUsage
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.policy.lint import Finding
    from streams.policy.render import Message
    from streams.policy.templates import Registry, Template

NAME: Final = "templates"
HELP: Final = "list, lint and preview the wordings patients read"

EXAMPLES: Final = """\
examples:
  heed templates list
  heed templates lint                                   every rule, and review dates as of today
  heed templates preview appointment-cancel             as it arrives, in every language, on every channel
  heed templates preview appointment-cancel --language cy --channel sms --set when="dydd Iau 3 Rhagfyr 2026"

The wordings are those of the configured policy, or of --folder DIR. `lint` ends with exit code 1 when a wording may
not be used; a worker refuses a policy with such a wording as a whole.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    listing = actions.add_parser("list", help="every wording: id, level, channels, languages, review date")
    lint = actions.add_parser("lint", help="what is wrong with the wordings (LNT-01 to LNT-14)")
    preview = actions.add_parser(
        "preview", help="one wording as it arrives, with the parts of a text message"
    )
    for action in (listing, lint, preview):
        action.add_argument("--folder", metavar="DIR", type=Path, help="a folder of templates")
        action.add_argument("--json", action="store_true", help="write the result as JSON")
    preview.add_argument("id", metavar="ID", help="the template's id")
    preview.add_argument("--language", help="only this language")
    preview.add_argument("--channel", help="only this channel")
    preview.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a placeholder's value; repeat for more",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.policy.load import default_path, read, templates_folder
    from streams.policy.template_files import read_folder

    base = read(settings.policy or default_path())
    folder = read_folder(args.folder or templates_folder(base))
    if args.action == "lint":
        grace = base.data.get("template_grace_days")
        return _lint(args, settings, folder.registry, folder.problems, grace if type(grace) is int else 0)
    for problem in folder.problems:
        print(problem)
    if folder.problems:
        return 2
    return _list(args, folder.registry) if args.action == "list" else _preview(args, folder.registry)


def _lint(
    args: argparse.Namespace,
    settings: Settings,
    registry: "Registry",
    problems: tuple[Any, ...],
    grace_days: int,
) -> int:
    from streams.domain.time import DAY
    from streams.policy.lint import Severity, lint
    from streams.worker.clock import clock_from

    findings = lint(registry, clock_from(settings).now(), grace_days * DAY)
    errors = len(problems) + sum(finding.severity is Severity.ERROR for finding in findings)
    if args.json:
        print(_json({"problems": problems, "findings": findings, "templates": len(registry.templates)}))
    else:
        for line in (*problems, *_by_place(findings)):
            print(line)
        print(
            f"{len(registry.templates)} templates, {errors} errors, {len(findings) + len(problems) - errors} warnings"
        )
    return 1 if errors else 0


def _by_place(findings: "tuple[Finding, ...]") -> "list[Finding]":
    return sorted(findings, key=lambda finding: (finding.place, finding.rule, finding.language))


def _list(args: argparse.Namespace, registry: "Registry") -> int:
    from streams.domain.london import date_of, local_date

    rows: list[dict[str, Any]] = [
        {
            "id": template.id,
            "version": template.version,
            "hash": template.hash,
            "level": template.level,
            "purposes": sorted(template.purposes),
            "channels": sorted(template.channels),
            "languages": list(template.languages),
            "review_due": date_of(local_date(template.review_due)).isoformat()
            if template.review_due
            else None,
        }
        for template in registry.templates
    ]
    if args.json:
        print(_json(rows))
        return 0
    for row in rows:
        places = f"{', '.join(row['channels'])} in {', '.join(row['languages'])}"
        print(
            f"{row['id']:32} {row['level']} version {row['version']}, {places}; review by {row['review_due']}"
        )
        print(f"{'':32} for {', '.join(row['purposes'])}")
    return 0


def _preview(args: argparse.Namespace, registry: "Registry") -> int:
    template = next((t for t in registry.templates if t.id == args.id), None)
    if template is None:
        raise BadUsage(f"there is no template {args.id!r}; heed templates list shows them")
    messages = _messages(args, template, registry)
    if args.json:
        print(_json(messages))
        return 0
    print(
        f"{template.id}, version {template.version}, level {template.level}, approved by {template.approver}"
    )
    for message in messages:
        print(f"\n[{message.channel}, {message.language}]")
        if message.subject:
            print(f"Subject: {message.subject}")
        print(message.body)
        if message.segments is not None:
            count = message.segments
            print(f"({count.length} characters in {count.encoding}, {count.parts} text message parts)")
    return 0


def _messages(args: argparse.Namespace, template: "Template", registry: "Registry") -> "list[Message]":
    from streams.policy.parameters import BadParameter
    from streams.policy.render import render, sample

    values = sample(template)
    for given in args.set:
        name, found, value = given.partition("=")
        if not found:
            raise BadUsage(f"--set {given!r}: write it as NAME=VALUE")
        values[name] = value
    languages = [code for code in template.languages if args.language in (None, code)]
    channels = [channel for channel in sorted(template.channels) if args.channel in (None, channel)]
    if not languages or not channels:
        raise BadUsage(
            f"{template.id} is for {', '.join(sorted(template.channels))} in {', '.join(template.languages)}"
        )
    try:
        return [
            render(template, code, channel, values, registry.organisation)
            for code in languages
            for channel in channels
        ]
    except BadParameter as error:
        raise BadUsage(f"{template.id}: {error}") from None


def _json(value: object) -> str:
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2)
