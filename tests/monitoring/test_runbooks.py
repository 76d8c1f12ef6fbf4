"""The runbooks: whoever is woken finds what it means, where to look, what to do, whether to stop the sends, and how to verify."""

import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest

from streams.cli.main import whole_parser
from streams.errors import BadUsage
from tests.monitoring.rules import ALERTS, NAMES, ROOT, exposed, heading, recorded, runbook

PAGES: Final = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
#: The parts of an alert's page, in the order in which they are read at night.
PARTS: Final = ("For patients", "Look", "Do", "Stop the sends", "Afterwards")
#: Headings that alerts and pages lead to, and no alert has as its own.
PROCEDURES: Final = {"Partitions", "Retention", "Unreadable batch", "Backup"}


def sections(page: Path) -> dict[str, str]:
    """What stands below each second heading of a page."""
    parted = re.split(r"^## +(.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parted[1::2], parted[2::2], strict=True))


def parts(section: str) -> dict[str, str]:
    """The text of each part, by its name in bold, in the order of the page."""
    parted = re.split(r"^\*\*([^*]+)\*\*: +", section, flags=re.MULTILINE)
    return {name: text.strip() for name, text in zip(parted[1::2], parted[2::2], strict=True)}


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_a_runbook_says_everything_that_is_asked_at_night(rule: dict[str, Any]) -> None:
    page, anchor = runbook(rule)
    assert heading(rule["alert"]) == anchor, "an alert has a heading of its own"
    found = parts(sections(ROOT / page)[rule["alert"]])
    assert tuple(found) == PARTS
    for name in ("For patients", "Look", "Do"):
        assert len(found[name].split()) >= 3, f"{name} says nothing: {found[name]}"
    assert re.match(r"(yes|no|not needed|only|see|after|they are held)\b", found["Stop the sends"])
    assert "`" in found["Afterwards"], "nothing to look at that would show it: a metric, a page or a command"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_runbook_is_for_an_alert_that_is_gone(page: Path) -> None:
    if page.stem != "README":
        assert set(sections(page)) <= {*NAMES, *PROCEDURES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_runbook_looks_at_exists(page: Path) -> None:
    """A misspelt metric would be a search at night for what is not there."""
    named = set(re.findall(r"\bheed[_:][a-z0-9_:]*[a-z0-9]", page.read_text("utf-8")))
    assert named - exposed() - recorded() == set()


@pytest.mark.parametrize(
    "page",
    [*PAGES, ROOT / "docs" / "monitoring.md", ROOT / "deploy" / "README.md"],
    ids=lambda page: f"{page.parent.name}-{page.stem}",
)
def test_what_a_runbook_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s:]+)\)", page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            lines = linked.read_text("utf-8").splitlines()
            assert anchor in {heading(line.lstrip("#")) for line in lines if line[:1] == "#"}, target


#: What stands for something in a command of a runbook.
_STANDS_FOR: Final = {"N": "3", "OFFSET": "48210", "TOPIC": "results"}


def commands(text: str) -> list[str]:
    """Every ``heed ...`` of a page: in a block of shell, or between backquotes with its words."""
    inline = re.findall(r"`(heed [a-z][^`]*)`", text)
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL))
    shell = re.findall(r"(?:^|-- |\s)(heed [a-z-]+(?: [^#\n|]*)?)", blocks, flags=re.MULTILINE)
    return [" ".join(found.split()) for found in (*inline, *shell)]


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "deploy" / "README.md"], ids=lambda page: f"{page.parent.name}-{page.stem}"
)
def test_heed_takes_every_command_of_a_runbook(page: Path) -> None:
    """A command that is refused costs minutes at night. `--json` and the like by itself is a part of one."""
    parser = whole_parser()
    for command in commands(page.read_text("utf-8")):
        words = [_STANDS_FOR.get(word, word) for word in shlex.split(command)[1:]]
        parser.parse_args(words)


def test_a_command_that_heed_does_not_take_is_noticed() -> None:
    told = "see `heed templates`, then\n```sh\nkubectl exec heed-auditor -- heed verify --nonsense   # says\n```\n"
    assert commands(told) == ["heed templates", "heed verify --nonsense"]
    for command in commands(told):
        with pytest.raises(BadUsage):
            whole_parser().parse_args(command.split()[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_kafkas_own_commands_are_told_where_and_as_whom(page: Path) -> None:
    for command in re.findall(r"`(kafka-\w[\w-]*\.sh[^`]*)`", page.read_text("utf-8")):
        assert {"--bootstrap-server", "--command-config"} <= set(command.split()), command


def test_a_page_without_its_parts_is_noticed() -> None:
    """What three headings looked like: they were there, and said nothing of what to do."""
    told = "\nAs the other one, slower: a month's allowance in 5 days.\n"
    assert tuple(parts(told)) != PARTS
    assert parts("\n**Do**: start it.\n\n**Afterwards**: `up` is 1.\n") == {
        "Do": "start it.",
        "Afterwards": "`up` is 1.",
    }
