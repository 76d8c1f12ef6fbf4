"""Spans by OpenTelemetry, for the extra ``heed[otel]``. Imported only where HEED_TRACES asks for it.

Where spans go, how many of the unsampled are kept and everything else about the exporter is set by OpenTelemetry's own
variables (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_BSP_...). A span is as sampled as its parent: the source decides.
No attribute names a patient.
"""

import sys
from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streams.settings import TracesTo

from .tracing import TRACEPARENT, Passage

_PROPAGATOR: Final = TraceContextTextMapPropagator()


class Recorded:
    """A passage with a span."""

    def __init__(self, span: Span) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def end(self, **facts: str | int) -> None:
        for name, fact in facts.items():
            self._span.set_attribute(f"heed.{name}", fact)
        self._span.end()


class OpenTelemetry:
    """Spans of one provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("heed")

    def begin(self, name: str, traceparent: str, **facts: str | int) -> Passage:
        parent = _PROPAGATOR.extract({TRACEPARENT: traceparent})
        attributes = {f"heed.{fact}": value for fact, value in facts.items()}
        return Recorded(self._tracer.start_span(name, parent, SpanKind.CONSUMER, attributes))

    def close(self) -> None:
        self._provider.shutdown()


def traces_to(where: TracesTo, service: str) -> OpenTelemetry:
    """Spans for a collector or the console. Raises ImportError without the exporter."""
    exporter: SpanExporter
    if where is TracesTo.OTLP:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter()
    else:
        exporter = ConsoleSpanExporter(out=sys.stdout)
    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OpenTelemetry(provider)
