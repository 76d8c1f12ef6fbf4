"""The bill of materials (CycloneDX 1.6), from the lock file, pyproject.toml and the Containerfile, and nothing else.

The same files give the same bytes on any machine and day: no time, no random serial number.
"""

import hashlib
import json
import re
import tomllib
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from .locked import LOCK, ROOT, Locked, read_lock

FILE: Final = ROOT / "deploy" / "sbom.cdx.json"
_BASE: Final = re.compile(r"^ARG BASE=([^:@\s]+):([^@\s]+)(?:@sha256:([0-9a-f]{64}))?$", re.MULTILINE)


def bill() -> str:
    lock = LOCK.read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = read_lock(lock)
    heed = f"pkg:pypi/{project['name']}@{project['version']}"
    made: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, hashlib.sha256(lock.encode()).hexdigest())}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": heed,
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": [_base(), *map(_component, packages)],
        "dependencies": [{"ref": heed, "dependsOn": _direct(project["dependencies"], packages)}],
    }
    return json.dumps(made, indent=1) + "\n"


def _purl(package: Locked) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"


def _component(package: Locked) -> dict[str, Any]:
    """One package; several hashes, because a version is published as one file for each kind of machine."""
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
        "hashes": [{"alg": "SHA-256", "content": content} for content in package.hashes],
    }
    if package.marker:
        made["properties"] = [{"name": "heed:only-on", "value": package.marker}]
    return made


def _base() -> dict[str, Any]:
    """What the image starts from; its digest only when the Containerfile pins one."""
    named = _BASE.search((ROOT / "Containerfile").read_text(encoding="utf-8"))
    if named is None:
        raise ValueError("Containerfile: no ARG BASE=name:tag")
    name, tag, digest = named.groups()
    made: dict[str, Any] = {"type": "container", "bom-ref": f"{name}:{tag}", "name": name, "version": tag}
    if digest:
        made["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return made


def _direct(dependencies: list[str], packages: tuple[Locked, ...]) -> list[str]:
    """What Heed itself asks for; the rest comes with these."""
    by_name = {package.name: _purl(package) for package in packages}
    names = (re.split(r"[<>=!~\[; ]", one, maxsplit=1)[0].lower().replace("_", "-") for one in dependencies)
    return sorted(by_name[name] for name in names)
