"""Play a kept story again and check every invariant: ``python -m tests.property.rerun FILE``.

``heed simulate FILE`` plays it too, and shows what was emitted; only this knows the invariants.
"""

from __future__ import annotations

import sys
from pathlib import Path

from streams.scenarios.reading import as_listing, as_mapping, read_documents, to_plain
from streams.scenarios.times import instant

from .stories import START
from .test_invariants import Story


def rerun(file: Path) -> None:
    """Tell the story of a file, step by step. Fails as the property test would."""
    [document] = read_documents(file)
    story = Story()
    for item in as_listing(as_mapping(document, "document").entries["when"], "when").items:
        step = to_plain(item)
        at = instant(step.pop("at", "+0s"), START)
        [(name, fields)] = step.items()
        story.again(at, name, fields)
    story.teardown()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rerun(Path(name))
        sys.stdout.write(f"{name}: every invariant holds\n")
