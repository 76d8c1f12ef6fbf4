"""48 hours, to the millisecond and across both clock changes."""

import pytest

from streams.domain.time import HOUR
from streams.domain.window import is_short_notice
from tests.support.times import uk

HOURS_48 = 48 * HOUR


@pytest.mark.parametrize(
    ("now", "start", "short"),
    [
        # C030: closed at exactly 48 hours
        ("Tue 01 Dec 2026 09:00", "Thu 03 Dec 2026 09:00", True),
        ("Tue 01 Dec 2026 08:59:59.999", "Thu 03 Dec 2026 09:00", False),
        ("Tue 01 Dec 2026 09:00:00.001", "Thu 03 Dec 2026 09:00", True),
        # C032: the clocks go forward on 28 March 2027; 48.5 h on the wall, 47.5 h elapsed
        ("Sat 27 Mar 2027 08:30", "Mon 29 Mar 2027 09:00", True),
        ("Sat 27 Mar 2027 08:00", "Mon 29 Mar 2027 09:00", True),  # exactly 48 h elapsed
        ("Sat 27 Mar 2027 07:59:59.999", "Mon 29 Mar 2027 09:00", False),
        # its mirror: they go back on 25 October 2026; 48 h on the wall, 49 h elapsed
        ("Sat 24 Oct 2026 09:00", "Mon 26 Oct 2026 09:00", False),
        ("Sat 24 Oct 2026 09:00", "Mon 26 Oct 2026 08:00", True),  # exactly 48 h elapsed
        ("Sat 24 Oct 2026 09:00", "Mon 26 Oct 2026 08:00:00.001", False),
        # the repeated hour of autumn
        ("Sun 25 Oct 2026 01:30 BST", "Tue 27 Oct 2026 00:30", True),
        ("Sun 25 Oct 2026 01:30 BST", "Tue 27 Oct 2026 01:30", False),
        ("Sun 25 Oct 2026 01:30 GMT", "Tue 27 Oct 2026 01:30", True),
        # begun is not short notice, one millisecond before is
        ("Thu 03 Dec 2026 09:00", "Thu 03 Dec 2026 09:00", False),
        ("Thu 03 Dec 2026 08:59:59.999", "Thu 03 Dec 2026 09:00", True),
        ("Thu 03 Dec 2026 09:00:00.001", "Thu 03 Dec 2026 09:00", False),
    ],
)
def test_short_notice(now: str, start: str, short: bool) -> None:
    assert is_short_notice(uk(start), now=uk(now), window=HOURS_48) is short
