"""What brokers answer about topics, read: what they cannot tell just now is told apart from what they will not."""

from typing import Any, Final

from aiokafka.errors import KafkaError, for_code

from streams.errors import UnsafeTopic

#: Besides what aiokafka calls retriable: answers of a broker that starts, stops or has lost its own way (-1, 8, 13, 72).
_PASSING: Final = frozenset({-1, 8, 13, 72})


def counts_of(described: list[dict[str, Any]]) -> dict[str, int]:
    """How many partitions each topic has. Raises KafkaError when a broker cannot tell just now: ask again."""
    for topic in described:
        _raise_if_passing(topic["error_code"])
    return {t["topic"]: len(t["partitions"]) for t in described if t["error_code"] == 0}


def _raise_if_passing(code: int) -> None:
    error = for_code(code)
    if code in _PASSING or (error.retriable and code != 0):
        raise error()


def configs_of(resources: list[tuple[Any, ...]]) -> dict[str, dict[str, str]]:
    """The settings of each topic. Raises KafkaError when a broker cannot tell just now (ask again), UnsafeTopic when it
    will not."""
    found: dict[str, dict[str, str]] = {}
    for code, _message, _kind, name, entries in resources:
        cannot = (
            f"the settings of topic {name} cannot be read ({for_code(code).__name__}), so it may be unsafe: "
            "allow DescribeConfigs on it"
        )
        try:
            _raise_if_passing(code)
        except KafkaError as error:
            if code in _PASSING:  # it may never pass: some answer so to whoever may not ask
                error.add_note(cannot)
            raise
        if code != 0:
            raise UnsafeTopic(cannot)
        found[name] = {entry[0]: entry[1] for entry in entries}
    return found
