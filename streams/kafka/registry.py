"""A Confluent-compatible Schema Registry: which schema an id stands for, and which id ours have there.

Used only where one is configured (``HEED_SCHEMA_REGISTRY_URL``); otherwise ``schemas/registry.json`` says.
An id that the registry does not know is asked for again with back-off, since a producer may have
registered it a moment ago. A registry that does not answer is an outage, never a reason to quarantine.
"""

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from streams.errors import RefuseToStart, RegistryUnreachable
from streams.kafka.codec import SCHEMA_ON, Codec
from streams.kafka.schemas import Schema, SchemaSet, schema_directory
from streams.settings import Settings

__all__ = ["SchemaRegistry", "codec_for", "connected_codec"]

#: Seconds before each further try: 3.1 s in all, well inside a session time-out of 10 s.
_WAITS: Final = (0.1, 0.2, 0.4, 0.8, 1.6)
#: One answer takes at most this long, and no longer than a process may take to stop (``ops.process``). Seconds.
_ANSWER_WITHIN: Final = 4.0
#: An id that was given up is not asked for again for this long. Seconds.
_GIVEN_UP_FOR: Final = 30.0
#: With so many ids given up lately, a new one is asked for once only: someone writes rubbish, and
#: waiting for each of its records would stop the partition.
_MANY: Final = 5

_CONTENT_TYPE: Final = "application/vnd.schemaregistry.v1+json"


class SchemaRegistry:
    """Asks a registry over HTTP, on a thread, so that the event loop goes on.

    ``url`` may carry a user and a password; they go into a header, never into a message. ``waits`` are
    the seconds before each further try.
    """

    def __init__(self, url: str, waits: Sequence[float] = _WAITS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RefuseToStart("HEED_SCHEMA_REGISTRY_URL must be an address such as http://registry:8081")
        host = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._headers = {"Accept": _CONTENT_TYPE, "Content-Type": _CONTENT_TYPE}
        if parts.username is not None:
            credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        self._waits = tuple(waits)
        self._given_up: dict[int, float] = {}

    async def schema(self, schema_id: int) -> Schema | None:
        """Look up a schema by its id; None when the registry does not know it, or it is not Avro.

        Errors: RegistryUnreachable.
        """
        now = time.monotonic()
        self._given_up = {number: until for number, until in self._given_up.items() if until > now}
        if schema_id in self._given_up:
            return None
        waits = self._waits if len(self._given_up) < _MANY else ()
        answer = await self._ask(f"/schemas/ids/{schema_id}", None, waits, again_if_missing=True)
        schema = None if answer is None else _avro(answer)
        if schema is None:
            self._given_up[schema_id] = time.monotonic() + _GIVEN_UP_FOR
        return schema

    async def register(self, subject: str, schema: Schema) -> int:
        """Give the id of a schema under a subject, registering it when it is not there yet.

        Errors: RegistryUnreachable; RefuseToStart when the registry refuses the schema.
        """
        path = f"/subjects/{quote(subject, safe='')}/versions"
        answer = await self._ask(path, {"schema": json.dumps(schema.raw)}, self._waits)
        if answer is None or not isinstance(answer.get("id"), int):
            raise RefuseToStart(f"the schema registry gave no id for {schema.name} under {subject}")
        return int(answer["id"])

    async def _ask(
        self,
        path: str,
        question: dict[str, str] | None,
        waits: Sequence[float],
        *,
        again_if_missing: bool = False,
    ) -> dict[str, Any] | None:
        """Ask until there is an answer or patience ends. None: the registry says there is no such thing."""
        trouble: str | None = None
        for wait in (*waits, None):
            try:
                return await asyncio.to_thread(self._once, path, question)
            except HTTPError as error:
                with error:
                    trouble = _trouble(error, path)
                if trouble is None and not again_if_missing:
                    return None
            except (URLError, OSError, HTTPException, ValueError) as error:
                trouble = f"no answer from the schema registry at {self._base} ({type(error).__name__})"
            if wait is not None:
                await asyncio.sleep(wait)
        if trouble is not None:
            raise RegistryUnreachable(trouble)
        return None

    def _once(self, path: str, question: dict[str, str] | None) -> dict[str, Any]:
        body = None if question is None else json.dumps(question).encode()
        request = Request(self._base + path, data=body, headers=self._headers)  # noqa: S310  # scheme checked above
        with urlopen(request, timeout=_ANSWER_WITHIN) as response:  # noqa: S310
            answer = json.load(response)
        if not isinstance(answer, dict):
            raise ValueError("not an object")
        return answer


async def codec_for(settings: Settings) -> Codec:
    """The codec for the committed schemas and ids, or for those of the configured registry. Raises RefuseToStart."""
    if settings.schema_registry_url:
        return await connected_codec(settings.schema_registry_url, settings.topic_prefix)
    return Codec.local()


async def connected_codec(url: str, prefix: str = "", schemas: SchemaSet | None = None) -> Codec:
    """Make a codec whose ids are those of the registry at ``url``.

    Every schema of ours is registered under ``<prefix><topic>-value`` (TopicNameStrategy); one that is
    there already keeps its id. Errors: RefuseToStart when the registry cannot be reached or refuses one.
    """
    schemas = schemas or SchemaSet.load(schema_directory())
    registry = SchemaRegistry(url)
    try:
        ids = {
            name: await registry.register(f"{prefix}{topic}-value", schemas.heads[name])
            for topic, name in SCHEMA_ON.items()
        }
    except RegistryUnreachable as error:
        raise RefuseToStart(f"{error}; check HEED_SCHEMA_REGISTRY_URL") from error
    return Codec(schemas, ids, {}, registry)


def _trouble(error: HTTPError, path: str) -> str | None:
    """Say what an HTTP error means: None for "no such thing"; an outage may be asked again."""
    if error.code == 404:
        return None
    if error.code in (409, 422):
        raise RefuseToStart(
            f"the schema registry refuses our schema at {path} (HTTP {error.code}): it is not compatible with "
            "what is registered there"
        ) from None
    if error.code in (401, 403):
        raise RefuseToStart(f"the schema registry refuses access (HTTP {error.code})") from None
    return f"the schema registry answers HTTP {error.code}"


def _avro(answer: dict[str, Any]) -> Schema | None:
    """Read the registry's answer; None for a schema of another kind, or one that refers to others."""
    if answer.get("schemaType", "AVRO") != "AVRO" or answer.get("references"):
        return None
    try:
        return Schema.of(json.loads(answer["schema"]))
    except (KeyError, TypeError, ValueError):
        return None
