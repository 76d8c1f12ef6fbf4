"""What a resolution must say for a stopped topic to go on."""

import pytest

from streams.domain.events import Resolution
from streams.domain.resume import RESUME_PARTITION, ResumeTopic, may_resume, resumed_topic, resumes_partition
from streams.domain.vocabulary import INPUT_TOPICS, ResolutionKind, Role, Topic


def closed(code: str | None, kind: ResolutionKind = ResolutionKind.CLOSED) -> Resolution:
    return Resolution(None, kind, "sre-1", Role.SRE, rationale_ref="INC-1", outcome_code=code)


@pytest.mark.parametrize("topic", INPUT_TOPICS)
def test_what_is_written_is_read_again(topic: Topic) -> None:
    resumed = ResumeTopic(topic, 17)
    assert resumed_topic(closed(resumed.as_code())) == resumed


@pytest.mark.parametrize(
    "code",
    [None, "", RESUME_PARTITION, "resume_topic", "resume_topic:results", "resume_topic:results:all",
     "resume_topic:results:-1", "resume_topic:decisions:0", "done:results:0",
     "resume_topic:results:²", "resume_topic:results:٣", "resume_topic:results:" + "9" * 19,
     "resume_topic:results:" + "9" * 5_000],
)  # fmt: skip
def test_anything_else_lets_nothing_go_on(code: str | None) -> None:
    assert resumed_topic(closed(code)) is None


def test_only_a_closing_resolution_lets_it_go_on() -> None:
    assert resumed_topic(closed("resume_topic:results:0", ResolutionKind.CONTACTED)) is None


def test_who_may_and_with_what() -> None:
    assert may_resume(closed("resume_topic:results:0"))
    assert not may_resume(Resolution(None, ResolutionKind.CLOSED, "sre-1", Role.SRE))
    assert not may_resume(Resolution(None, ResolutionKind.CLOSED, "b-1", Role.BOOK, rationale_ref="INC-1"))


def test_a_partition_sends_again_by_closing_with_its_own_code() -> None:
    assert resumes_partition(closed(RESUME_PARTITION))
    assert not resumes_partition(closed("resume_topic:results:0"))
    assert not resumes_partition(closed(RESUME_PARTITION, ResolutionKind.CONTACTED))
