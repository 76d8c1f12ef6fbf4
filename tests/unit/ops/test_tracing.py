"""Trace context is passed on as it came, and becomes spans where OpenTelemetry is switched on."""

import sys

import msgspec
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from streams.errors import BadUsage
from streams.ops.otel import OpenTelemetry
from streams.ops.tracing import PassOn, trace_id, traceparent_of, traces_for
from streams.settings import Settings, TracesTo

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"9990548609",
        SAMPLED.upper().encode(),
        f"00-{'0' * 32}-00f067aa0ba902b7-01".encode(),
        SAMPLED.encode() + b"\n",
    ],
)
def test_what_is_no_trace_context_is_not_written_on(value: bytes) -> None:
    assert traceparent_of([("traceparent", value)]) is None


def test_without_opentelemetry_a_context_goes_on_as_it_came() -> None:
    traces = traces_for(Settings(), "heed-worker")
    assert isinstance(traces, PassOn)
    passage = traces.begin("decide", SAMPLED, topic="appointments")
    passage.end()
    assert passage.traceparent == SAMPLED
    assert trace_id(passage.traceparent) == TRACE


def test_asked_for_and_not_installed_is_one_clear_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("streams.ops.otel")
    monkeypatch.setitem(sys.modules, "streams.ops.otel", None)
    with pytest.raises(BadUsage, match=r"heed\[otel\]"):
        traces_for(msgspec.structs.replace(Settings(), traces=TracesTo.CONSOLE), "heed-worker")


@pytest.fixture
def exported() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(exported: InMemorySpanExporter) -> OpenTelemetry:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exported))
    return OpenTelemetry(provider)


def test_a_span_continues_the_trace_and_its_outputs_name_it(
    traces: OpenTelemetry, exported: InMemorySpanExporter
) -> None:
    passage = traces.begin("decide", SAMPLED, topic="appointments", offset=7)
    assert exported.get_finished_spans() == ()  # a turn that is not committed has not happened
    passage.end(outcome="SEND")
    (span,) = exported.get_finished_spans()
    assert passage.traceparent == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert dict(span.attributes or {}) == {
        "heed.topic": "appointments",
        "heed.offset": 7,
        "heed.outcome": "SEND",
    }


def test_what_the_source_does_not_sample_is_passed_on_and_not_exported(
    traces: OpenTelemetry, exported: InMemorySpanExporter
) -> None:
    passage = traces.begin("decide", SAMPLED[:-1] + "0")
    passage.end()
    assert passage.traceparent.startswith(f"00-{TRACE}-")
    assert passage.traceparent.endswith("-00")
    assert exported.get_finished_spans() == ()


def test_spans_on_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    traces = traces_for(msgspec.structs.replace(Settings(), traces=TracesTo.CONSOLE), "heed-worker")
    traces.begin("decide", SAMPLED).end()
    traces.close()
    assert TRACE in capsys.readouterr().out
