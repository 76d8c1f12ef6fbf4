"""/, /metrics, /livez and /readyz on one small HTTP server (GET only, no keep-alive, no patient data).

``/livez``: is it worth keeping this process? ``/readyz``: does it do its work now, and if not, why not?
Both answer 200 or 503 with one reason a line; notes are what a person should see although the work goes on. The server shares the event loop with the work: a loop that
no longer turns answers nobody, and that is what its supervisor should see.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from streams.errors import RefuseToStart

from .metrics import CONTENT_TYPE, render
from .status import Status, page

#: Reasons why not; none: all is well.
Check: TypeAlias = Callable[[], Sequence[str]]

_REQUEST_S: Final = 5.0
_REQUEST_BYTES: Final = 8_192


class HealthServer:
    """Answers on ``http://host:port``; port 0 picks a free one, which ``open`` tells. ``notes`` go with /readyz.

    ``status`` makes the page at ``/``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        alive: Check,
        ready: Check,
        notes: Check = lambda: (),
        status: Callable[[], Status] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._alive = alive
        self._ready = ready
        self._notes = notes
        self._status = status
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Listen; the URL. Raises RefuseToStart when the port is in use or the address is not ours."""
        try:
            self._server = await asyncio.start_server(
                self._answer, self._host, self._port, limit=_REQUEST_BYTES
            )
        except OSError as error:
            raise RefuseToStart(
                f"cannot listen on {self._host}:{self._port}: {error.strerror or error}. Is another process there? "
                "Set HEED_HTTP_PORT to another port, or to 0 for a free one."
            ) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(_REQUEST_S):
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = self._page(head.split(b"\r\n", 1)[0].split(b" "))
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                    "Connection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def _page(self, request: list[bytes]) -> tuple[str, str, bytes]:
        if len(request) < 2 or request[0] != b"GET":
            return "405 Method Not Allowed", "text/plain", b"only GET\n"
        match request[1].split(b"?", 1)[0]:
            case b"/" if self._status is not None:
                return "200 OK", "text/html; charset=utf-8", page(self._status())
            case b"/metrics":
                return "200 OK", CONTENT_TYPE, render()
            case b"/livez":
                return _verdict(self._alive())
            case b"/readyz":
                return _verdict(self._ready(), self._notes())
            case _:
                return "404 Not Found", "text/plain", b"/, /metrics, /livez, /readyz\n"


def _verdict(reasons: Sequence[str], notes: Sequence[str] = ()) -> tuple[str, str, bytes]:
    lines = [*(reasons or ["ok"]), *(f"note: {note}" for note in notes)]
    status = "503 Service Unavailable" if reasons else "200 OK"
    return status, "text/plain", ("\n".join(lines) + "\n").encode()
