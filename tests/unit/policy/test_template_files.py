"""A folder of templates: what it must say, and what is wrong with it, by file and line."""

from pathlib import Path

import pytest

from streams.domain.vocabulary import Channel, Level, NeedKind
from streams.errors import BadPolicy
from streams.policy.load import default_path
from streams.policy.template_files import read_folder
from streams.policy.templates import Replies
from tests.support.times import uk
from tests.support.wordings import write_folder

SHIPPED = default_path().parent / "templates"
ONE = """\
defaults: {author: a, approver: b, review_due: 2027-03-31, channels: [letter], replies: not_read}
templates:
  - id: one
    version: 2
    purposes: [APPT_CANCEL]
    level: L1
    formats: {letter: [LARGE_PRINT]}
    parameters: {when: {type: when, max: 40}}
    text:
      en: {subject: S, body: "((organisation)) ((when))"}
"""


def read_one(folder: Path, text: str) -> list[str]:
    found = read_folder(write_folder(folder, text, SHIPPED))
    return [str(problem).removeprefix(f"{folder}/") for problem in found.problems]


def test_a_template(tmp_path: Path) -> None:
    (template,) = read_folder(write_folder(tmp_path, ONE, SHIPPED)).registry.templates
    assert (template.id, template.version, template.level) == ("one", 2, Level.L1)
    assert template.channels == {Channel.LETTER}
    assert template.formats == {Channel.LETTER: {NeedKind.LARGE_PRINT}}
    assert template.review_due == uk("Wed 31 Mar 2027 00:00")
    assert template.replies is Replies.NOT_READ
    assert template.sender == "ExampleNHS"
    assert template.place == f"{tmp_path / 'templates.yaml'}:3"
    assert template.texts["en"].body.startswith("((organisation)) ((when)) Questions, or")
    assert [(p.name, p.longest) for p in template.parameters] == [("when", 40)]
    assert (template.urgent, template.clinical_approver) == (False, "")


def test_the_hash_names_the_wording_and_not_its_place(tmp_path: Path) -> None:
    def hash_of(text: str) -> str:
        return read_folder(write_folder(tmp_path, text, SHIPPED)).registry.templates[0].hash

    first = hash_of(ONE)
    assert len(first) == 16
    assert hash_of("# a comment\n" + ONE) == first
    assert hash_of(ONE.replace("subject: S", "subject: T")) != first
    assert hash_of(ONE.replace("approver: b", "approver: c")) != first


def test_a_closing_can_be_left_out(tmp_path: Path) -> None:
    text = ONE.replace("version: 2", "version: 2\n    closing: false\n    sender: Other\n    urgent: yes")
    (template,) = read_folder(write_folder(tmp_path, text, SHIPPED)).registry.templates
    assert template.texts["en"].body == "((organisation)) ((when))"
    assert (template.sender, template.urgent) == ("Other", True)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("version: 2", "version: two", "templates.yaml:4: templates.0.version: is 'two'"),
        ("    version: 2\n", "", "templates.yaml:3: templates.0.version: is missing"),
        ("level: L1", "level: L5", "templates.yaml:6: templates.0.level: is 'L5'"),
        ("level: L1", "levle: L1", "templates.yaml:6: templates.0.levle: is not a key of a template"),
        ("[APPT_CANCEL]", "[BAD_NEWS]", "templates.yaml:5: templates.0.purposes.0: is 'BAD_NEWS'"),
        (
            "channels: [letter]",
            "channels: [phone_human]",
            "templates.yaml:1: defaults.channels.0: is 'phone_human'",
        ),
        (
            "letter: [LARGE_PRINT]",
            "letter: [INTERPRETER]",
            "templates.yaml:7: templates.0.formats.letter.0: is",
        ),
        ("type: when", "type: date", "templates.yaml:8: templates.0.parameters.when.type: is 'date'"),
        ("max: 40", "max: 400", "templates.yaml:8: templates.0.parameters.when.max: is 400"),
        ("type: when, ", "", "templates.yaml:8: templates.0.parameters.when.type: is missing"),
        (
            "{when: {",
            "{phone: {",
            "templates.yaml:8: templates.0.parameters.phone: is the organisation's own",
        ),
        ("en: {subject: S", "cy: {subject: S", "templates.yaml:9: templates.0.text: has no English wording"),
        ("subject: S, ", "", "templates.yaml:10: templates.0.text.en.subject: is missing"),
        (
            'subject: S, body: "((organisation)) ((when))"',
            "subject: S",
            "templates.yaml:10: templates.0.text.en.body:",
        ),
        ("templates:\n", "wordings:\n", "templates.yaml:2: wordings: is not a key here"),
        ("2027-03-31", "spring", "templates.yaml:1: defaults.review_due: is 'spring'"),
    ],
)
def test_problems_have_file_and_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in ONE
    found = read_one(tmp_path, ONE.replace(old, new))
    assert any(line.startswith(problem) for line in found), found


def test_an_id_is_used_once(tmp_path: Path) -> None:
    twice = ONE + ONE[ONE.index("  - id") :]
    (problem,) = read_one(tmp_path, twice)
    assert problem.startswith("templates.yaml:11: one: the same id is used at")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match="there is no such folder"):
        read_folder(tmp_path / "absent")
    with pytest.raises(BadPolicy, match=r"organisation\.yaml: cannot be read"):
        read_folder(tmp_path)


def test_the_organisation_must_say_who_it_is(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, ONE, SHIPPED)
    path = folder / "organisation.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("  en: Example", "  fr: Example"), encoding="utf-8"
    )
    (problem,) = read_folder(folder).problems
    assert str(problem).endswith("names: has no English name; allowed: en: the name patients know")
    path.write_text("phone: 01632 960 001\n", encoding="utf-8")
    assert {problem.key for problem in read_folder(folder).problems} >= {
        "names",
        "senders",
        "closings",
        "domains",
    }


def test_terms_must_say_from_which_level(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, ONE, SHIPPED)
    (folder / "terms.yaml").write_text("test: {words: [smear]}\nother: {allowed_from: L9, words: [x]}\n")
    assert [problem.key for problem in read_folder(folder).problems] == [
        "test.allowed_from",
        "other.allowed_from",
    ]
