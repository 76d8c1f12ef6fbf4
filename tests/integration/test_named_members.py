"""Found by make faults: a killed worker was waited for until its session had timed out, also when it was back at once."""

import time

import pytest

from streams.settings import Settings
from tests.support.running import Heed, until

#: A session is 10 s; starting takes as long as it takes, on a busy machine too.
SOONER_S = 6.0


@pytest.mark.timeout(90)
def test_a_named_worker_that_was_killed_is_back_before_its_session_has_timed_out(created: Settings) -> None:
    begun = time.monotonic()
    with Heed("worker", created, "first", HEED_INSTANCE="one", HEED_HTTP_PORT="0") as worker:
        usual = time.monotonic() - begun
        worker.kill()
        begun = time.monotonic()
        with Heed("worker", created, "again", HEED_INSTANCE="one", HEED_HTTP_PORT="0") as again:
            assert time.monotonic() - begun < usual + SOONER_S, "it was waited for as for a stranger"
            until(lambda: again.metric("heed_partitions_owned") == created.partitions, 5)
            assert again.terminate() == 0
        begun = time.monotonic()
        with Heed("worker", created, "another", HEED_INSTANCE="two", HEED_HTTP_PORT="0"):
            assert time.monotonic() - begun < usual + SOONER_S, "one that was asked to stop has not left"
