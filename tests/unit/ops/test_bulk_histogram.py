"""A histogram that takes many observations at once."""

from prometheus_client import CollectorRegistry, generate_latest

from streams.ops.metrics import BulkHistogram


def test_buckets_are_cumulative_and_closed_above() -> None:
    registry = CollectorRegistry()
    histogram = BulkHistogram("heed_x_seconds", "x", (0.1, 1), registry)
    histogram.observe(0.1, 3)
    histogram.observe(0.5)
    histogram.observe(7, 2)
    text = generate_latest(registry).decode()
    assert 'heed_x_seconds_bucket{le="0.1"} 3.0' in text
    assert 'heed_x_seconds_bucket{le="1.0"} 4.0' in text
    assert 'heed_x_seconds_bucket{le="+Inf"} 6.0' in text
    assert "heed_x_seconds_sum 14.8" in text
    assert "heed_x_seconds_count 6.0" in text
