"""/metrics, /livez and /readyz over real sockets."""

import asyncio
import socket

import pytest

from streams.errors import RefuseToStart
from streams.ops.health import HealthServer


async def ask(url: str, request: bytes) -> tuple[bytes, bytes]:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0], body


async def test_it_says_why_not() -> None:
    reasons: list[str] = []
    server = HealthServer("127.0.0.1", 0, alive=list, ready=lambda: reasons)
    url = await server.open()
    assert await ask(url, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n") == (b"HTTP/1.1 200 OK", b"ok\n")
    reasons += ["restoring partitions [1, 2]", "no Kafka answers"]
    status, body = await ask(url, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status, body) == (
        b"HTTP/1.1 503 Service Unavailable",
        b"restoring partitions [1, 2]\nno Kafka answers\n",
    )
    assert (await ask(url, b"GET /livez HTTP/1.1\r\n\r\n"))[0] == b"HTTP/1.1 200 OK"
    await server.close()


async def test_metrics_and_what_else_is_asked() -> None:
    server = HealthServer("127.0.0.1", 0, alive=list, ready=list)
    url = await server.open()
    status, body = await ask(url, b"GET /metrics?x=1 HTTP/1.1\r\n\r\n")
    assert status == b"HTTP/1.1 200 OK"
    assert b"# TYPE heed_" in body
    assert (await ask(url, b"GET /table/patients HTTP/1.1\r\n\r\n"))[0] == b"HTTP/1.1 404 Not Found"
    assert (await ask(url, b"POST /metrics HTTP/1.1\r\n\r\n"))[0] == b"HTTP/1.1 405 Method Not Allowed"
    assert await ask(url, b"x" * 20_000) == (b"", b"")
    await server.close()


async def test_a_port_in_use_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = HealthServer("127.0.0.1", port, alive=list, ready=list)
        with pytest.raises(RefuseToStart, match=f"cannot listen on 127.0.0.1:{port}.*HEED_HTTP_PORT"):
            await server.open()
