"""The bill of materials says what the lock file says, and an audit that could not look is not taken for a clean one."""

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.supply_chain.audit import judge
from scripts.supply_chain.bill import FILE, bill
from scripts.supply_chain.locked import LOCK, read_lock

HASH = "0" * 64


def test_the_committed_bill_is_what_the_lock_file_says() -> None:
    assert FILE.read_text(encoding="utf-8") == bill(), "run python -m scripts.supply_chain bill"


def test_the_bill_is_cyclonedx_and_names_every_locked_package_with_its_hashes() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    listed = {one["name"]: one for one in json.loads(text)["components"] if one["type"] == "library"}
    locked = read_lock(LOCK.read_text(encoding="utf-8"))
    assert {one.name: one.version for one in locked} == {name: one["version"] for name, one in listed.items()}
    assert all(listed[one.name]["hashes"] for one in locked)


@pytest.mark.parametrize(
    "text", ["a==1\n", "a>=1 \\\n    --hash=sha256:" + HASH, "git+https://example.org/a"]
)
def test_what_is_not_locked_by_hash_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hash|lock file"):
        read_lock(text)


CLEAN: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
BAD: dict[str, Any] = {
    "name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"], "aliases": [], "description": ""}],
}  # fmt: skip
SKIPPED: dict[str, Any] = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answered", "must_answer", "code", "says"),
    [
        ([CLEAN], False, 0, "1 packages looked up, 0 vulnerabilities known"),
        ([BAD], False, 1, "VULNERABLE: b 2: PYSEC-1, mended in 3"),
        ([SKIPPED], False, 0, "NOTE: vulnerabilities were looked up for 0 of 1 packages"),
        ([SKIPPED], True, 1, "NOTE: vulnerabilities were looked up for 0 of 1 packages"),
        ([], False, 0, "NOTE: vulnerabilities were looked up for 0 of 1 packages"),
        ([BAD, SKIPPED], False, 1, "NOTE: vulnerabilities were looked up for 1 of 2 packages"),
    ],
)
def test_three_ends_are_told_apart(
    answered: list[dict[str, Any]], must_answer: bool, code: int, says: str
) -> None:
    told, ended = judge(answered, max(1, len(answered)), must_answer=must_answer)
    assert (says in told, ended) == (True, code)
