"""A schema registry of one's own that knows our schemas by the ids they are committed with, and can be away."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from streams.kafka.schemas import SchemaSet, schema_directory


class RegistryStandIn(ThreadingHTTPServer):
    """``url`` is for HEED_SCHEMA_REGISTRY_URL. While ``away`` every connection ends without an answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        ours = SchemaSet.load(schema_directory())
        self.texts = {number: json.dumps(schema.raw) for number, schema in ours.by_id.items()}
        self.away = False
        self.asked_while_away = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def number(self, text: str) -> int:
        """The id of a schema; a new one for a schema that is new."""
        for number, known in self.texts.items():
            if known == text:
                return number
        self.texts[len(self.texts) + 1] = text
        return len(self.texts)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.shutdown()
        self.server_close()


def answer(handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    """Answer in JSON."""
    text = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(text)))
    with contextlib.suppress(ConnectionError):  # who asked may have been killed since
        handler.end_headers()
        handler.wfile.write(text)


class _Handler(BaseHTTPRequestHandler):
    server: RegistryStandIn

    def do_GET(self) -> None:
        if self._gone():
            return
        text = self.server.texts.get(int(self.path.rpartition("/")[2]))
        if text is None:
            answer(self, 404, {"error_code": 40403, "message": "Schema not found"})
        else:
            answer(self, 200, {"schema": text})

    def do_POST(self) -> None:
        if self._gone():
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer(self, 200, {"id": self.server.number(body["schema"])})

    def _gone(self) -> bool:
        if self.server.away:
            self.server.asked_while_away += 1
            self.close_connection = True
        return self.server.away

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Keep quiet."""
