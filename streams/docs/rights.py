"""rights.md: who may do what on the cluster, and the commands that say so to it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from streams.kafka.rights import Kind, Principal, Right, principals
from streams.settings import Settings

from .page import code, codes, page, table

_OPTION: Final = {Kind.TOPIC: "--topic", Kind.GROUP: "--group", Kind.TRANSACTIONAL_ID: "--transactional-id"}
_WORDS: Final = {Kind.TOPIC: "", Kind.GROUP: "group ", Kind.TRANSACTIONAL_ID: "transactional id "}


def rights() -> str:
    every = principals(Settings())
    return page(
        "Rights",
        "streams/kafka/rights.py",
        "The users of the cluster, and the least that each needs. Whoever has no right in this table has none: the brokers "
        "must refuse what nobody has allowed (`allow.everyone.if.no.acl.found=false`, which is Kafka's default). A user is "
        "the CN of a client certificate or the name of a SCRAM user. Topics carry HEED_TOPIC_PREFIX.",
        table(("User", "May"), ((code(one.name), one.does) for one in every)),
        *(f"## {one.name}\n\n{_table(one)}" for one in every),
        "## As commands\n\nWith Strimzi, deploy/kubernetes/strimzi/users.yaml says the same. Elsewhere, with the tool that "
        "comes with Kafka (add `--bootstrap-server` and `--command-config`):",
        "\n".join(("```sh", *(command for one in every for command in _commands(one)), "```")),
    )


def _table(principal: Principal) -> str:
    return table(
        ("On", "May"),
        (
            (_WORDS[right.kind] + code(right.name + ("*" if right.prefixed else "")), codes(right.operations))
            for right in principal.rights
        ),
    )


def _commands(principal: Principal) -> Iterable[str]:
    def alike(right: Right) -> tuple[str, str, bool]:
        return str(right.kind), " ".join(right.operations), right.prefixed

    for (_, operations, prefixed), same in groupby(sorted(principal.rights, key=alike), key=alike):
        allowed = " ".join(f"--operation {operation}" for operation in operations.split())
        resources = " ".join(f"{_OPTION[right.kind]} {right.name}" for right in same)
        pattern = " --resource-pattern-type prefixed" if prefixed else ""
        yield f"kafka-acls.sh --add --allow-principal User:{principal.name} {allowed} {resources}{pattern}"
