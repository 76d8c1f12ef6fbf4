"""Templates for tests: one clean wording, and variations of it."""

from dataclasses import dataclass, field
from pathlib import Path

from streams.domain.vocabulary import Channel, Level, NeedKind, Purpose
from streams.policy.lint import Finding, lint
from streams.policy.parameters import Kind, Parameter
from streams.policy.templates import Organisation, Registry, Replies, Template, Text
from streams.policy.terms import Terms
from tests.support.times import uk

__all__ = ["CLEAN", "ENDING", "ORGANISATION", "TERMS", "Wording", "findings", "registry", "write_folder"]

ORGANISATION = Organisation(
    names={"en": "Example NHS Trust", "cy": "Ymddiriedolaeth GIG Esiampl"},
    senders=("ExampleNHS",),
    phone="01632 960 001",
    phones=("01632 960 001", "01632 960 002"),
    website="https://www.example.org/contact",
    domains=("www.example.org",),
    languages=("en",),
)
TERMS = Terms.of(
    {
        "contact only": (Level.L1, ["appointment*"]),
        "result": (Level.L3, ["result", "results"]),
        "outcome": (Level.L4, ["normal", "all clear"]),
        "specialty": (None, ["oncolog*", "chest clinic"]),
        "sensitive service": (None, ["sexual health", "hiv", "gum"]),
    }
)
CLEAN = "((organisation)): we have a message for you. Please contact us."
ENDING = (
    " Questions, or to change how we contact you: call ((phone)) or use the NHS App."
    " Please do not reply, replies are not read."
)


@dataclass
class Wording:
    """What a template says, with everything in order unless a test says otherwise."""

    body: str = CLEAN
    ending: str = ENDING
    subject: str = "A message from ((organisation))"
    id: str = "wording"
    level: Level = Level.L1
    purposes: set[Purpose] = field(default_factory=lambda: {Purpose.APPT_CANCEL})
    channels: set[Channel] = field(default_factory=lambda: {Channel.SMS, Channel.EMAIL})
    formats: dict[Channel, frozenset[NeedKind]] = field(default_factory=dict)
    parameters: dict[str, Kind] = field(default_factory=dict)
    texts: dict[str, Text] = field(default_factory=dict)
    sender: str = "ExampleNHS"
    replies: Replies = Replies.NOT_READ
    author: str = "writer"
    approver: str = "approver"
    clinical_approver: str = "clinician"
    urgent: bool = False
    review_due: int | None = field(default_factory=lambda: uk("Wed 31 Mar 2027 00:00"))

    def template(self) -> Template:
        return Template(
            self.id,
            1,
            "0" * 16,
            frozenset(self.purposes),
            self.level,
            frozenset(self.channels),
            self.formats,
            {"en": Text(self.subject, self.body + self.ending), **self.texts},
            tuple(Parameter(name, kind, 60) for name, kind in self.parameters.items()),
            self.sender,
            self.replies,
            self.author,
            self.approver,
            self.clinical_approver,
            self.urgent,
            self.review_due,
            "templates.yaml:1",
        )


def registry(*wordings: Wording, organisation: Organisation = ORGANISATION) -> Registry:
    return Registry.of([wording.template() for wording in wordings], organisation, TERMS)


def findings(*wordings: Wording, organisation: Organisation = ORGANISATION) -> tuple[Finding, ...]:
    return lint(registry(*wordings, organisation=organisation))


def write_folder(folder: Path, templates: str, shipped: Path) -> Path:
    """Make a folder of templates: the shipped organisation and terms, and these templates."""
    folder.mkdir(exist_ok=True)
    for name in ("organisation.yaml", "terms.yaml"):
        (folder / name).write_text((shipped / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "templates.yaml").write_text(templates, encoding="utf-8")
    return folder
