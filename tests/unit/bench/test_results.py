"""What the results file says beside the figures. No broker."""

import pytest

from bench.results import how_built


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "'--prefix=/opt/python' '--enable-optimizations' '--with-lto'",
            "--enable-optimizations --with-lto",
        ),
        ("'--enable-optimizations' 'CFLAGS=-O3 -g'", "--enable-optimizations"),
        ("'--prefix=/opt/python' '--enable-shared'", "without profile-guided optimisation"),
        ("--with-lto=thin", "without profile-guided optimisation, --with-lto"),
        ("", "not told"),
        (None, "not told"),
    ],
)
def test_how_python_was_built_is_told_without_this_machines_paths(arguments: str | None, said: str) -> None:
    assert how_built(arguments) == said
