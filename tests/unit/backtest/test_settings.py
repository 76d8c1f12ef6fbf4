"""Which settings and wordings differ between two files."""

import shutil
from pathlib import Path

import pytest

from streams.backtest.settings import settings, wordings
from streams.policy.load import default_path, load, read


def differences(folder: Path, old: str, new: str) -> list[str]:
    files = folder / "old.yaml", folder / "new.yaml"
    for file, text in zip(files, (old, new), strict=True):
        file.write_text(f'version: "1"\n{text}\n')
    return [str(one) for one in settings(read(files[0]), read(files[1]))]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("", "", []),
        ("", "daily_cap: 4", []),  # the shipped value, written out
        ("daily_cap: 3", "daily_cap: 2", ["daily_cap: 3 -> 2"]),
        ("", "settle_s: {appointment: 60}", ["settle_s.appointment: 30 -> 60"]),
        ("", "l4_enabled: true", ["l4_enabled: false -> true"]),
        ("", 'quiet_hours: {from: "22:00", to: "08:00"}', ["quiet_hours.from: 21:00 -> 22:00"]),
        ("", "honour_phone_preference: []", ["honour_phone_preference: results, short_notice -> none"]),
        ("", "organisation_order: [sms, nhs_app, email, letter]",
         ["organisation_order: nhs_app, sms, email, letter -> sms, nhs_app, email, letter"]),
        ("sensitive_services: [GUM, HIV, TOP]", "sensitive_services: [GUM, HIV, SARC]",
         ["sensitive_services: with TOP -> with SARC"]),
        ("sensitive_services: [GUM, HIV, TOP]", "sensitive_services: [GUM, HIV]",
         ["sensitive_services: with TOP -> with none"]),
        ("", "override_policies: {G3: {valid_to: 2027-03-31T00:00:00+01:00}}",
         ["override_policies.G3: none -> {valid_to: 2027-03-31T00:00:00+01:00}"]),
        ("override_policies: {G3: {valid_to: 2027-03-31T00:00:00+01:00}}", "",
         ["override_policies.G3: {valid_to: 2027-03-31T00:00:00+01:00} -> none"]),
    ],
)  # fmt: skip
def test_settings(tmp_path: Path, old: str, new: str, says: list[str]) -> None:
    assert differences(tmp_path, old, new) == says


def test_wordings(tmp_path: Path) -> None:
    shutil.copytree(default_path().parent / "templates", tmp_path / "templates")
    file = tmp_path / "new.yaml"
    file.write_text('version: "2"\ntemplates: templates\n')
    shipped = load(default_path())
    assert wordings(shipped, load(file)) == ()
    wording = tmp_path / "templates" / "appointments.yaml"
    wording.write_text(wording.read_text().replace("id: appointment-reinstate", "id: appointment-again"))
    added, removed = wordings(shipped, load(file))
    assert (added.key, added.before, removed.key, removed.after) == (
        "appointment-again", "none", "appointment-reinstate", "none",
    )  # fmt: skip
    assert added.after.startswith("version 1 (")
