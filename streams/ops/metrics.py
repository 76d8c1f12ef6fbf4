"""What /metrics says: everything registered with prometheus_client, in its text format.

Names begin with ``heed_``; labels come from closed lists, so that no service code, patient or free text
can become one (C194, spec/monitoring.md).
"""

import bisect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import metadata

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# A creation time for each counter would double the series, and nobody asks for the garbage collector's.
disable_created_metrics()  # type: ignore[no-untyped-call]
for _unasked in (GC_COLLECTOR, PLATFORM_COLLECTOR):
    REGISTRY.unregister(_unasked)


class _Settling(Collector):
    """Stands first in the registry and has no metric: lets whoever counts in bulk put that into counters."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []

    def collect(self) -> Iterable[Metric]:
        for settle in self.callbacks:
            settle()
        return ()


_settling = _Settling()
REGISTRY.register(_settling)


def before_looking(settle: Callable[[], None]) -> None:
    """Call this whenever somebody looks at the metrics, before they are read."""
    _settling.callbacks.append(settle)


BUILD = Gauge("heed_build_info", "Always 1; the version of Heed that runs.", ["version"])
BUILD.labels(metadata.version("heed")).set(1)
READY = Gauge("heed_ready", "1 while this process does all of its work (/readyz).")
KAFKA_UNREACHABLE = Gauge("heed_kafka_unreachable", "1 while no Kafka answers this process.")
CONFIG_REJECTED = Counter(
    "heed_config_rejected", "Changed policy files that were not valid; the last good policy stayed (C213)."
)
POLICY_INFO = Gauge("heed_policy_info", "1 for the version of the policy in force.", ["version"])


def show_only(gauge: Gauge, values: Mapping[str, float]) -> None:
    """Set a gauge with one label to these, by its label, and take away what it showed of others.

    A shard that has moved, or a channel that was closed, would else be shown for ever as it was last.
    """
    shown = _shown.setdefault(gauge, set())
    for label in shown - values.keys():
        gauge.remove(label)
    for label, number in values.items():
        gauge.labels(label).set(number)
    shown.clear()
    shown.update(values)


_shown: dict[Gauge, set[str]] = {}


def render() -> bytes:
    """Every metric of this process."""
    return generate_latest()


class BulkHistogram(Collector):
    """A histogram that takes many equal observations at once: turns are counted, not events."""

    def __init__(
        self, name: str, documentation: str, buckets: Sequence[float], registry: CollectorRegistry = REGISTRY
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = [*buckets, math.inf]
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        registry.register(self)

    def observe(self, value: float, count: int = 1) -> None:
        """``count`` observations of ``value``."""
        self._counts[bisect.bisect_left(self._bounds, value)] += count
        self._sum += value * count

    def collect(self) -> Iterable[HistogramMetricFamily]:
        yield HistogramMetricFamily(
            self._name, self._documentation, buckets=list(self._buckets()), sum_value=self._sum
        )

    def _buckets(self) -> Iterator[tuple[str, float]]:
        total = 0
        for bound, count in zip(self._bounds, self._counts, strict=True):
            total += count
            yield ("+Inf" if bound == math.inf else repr(float(bound))), total


def value(name: str, labels: dict[str, str] | None = None) -> float:
    """What a metric of this process stands at; 0 when it has not been counted yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
