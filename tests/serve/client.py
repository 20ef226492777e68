"""A few lines of ASGI client: calls the application in this process, without a socket or another package."""

import asyncio
import json as jsons
from dataclasses import dataclass
from urllib.parse import quote, urlencode


@dataclass
class Answer:
    status_code: int
    headers: dict
    content: bytes

    @property
    def text(self):
        return self.content.decode()

    def json(self):
        return jsons.loads(self.content)


class Client:
    """Sends requests to an ASGI application as `host`."""

    def __init__(self, app, host="127.0.0.1:8080"):
        self.app, self.host = app, host

    def get(self, path, *, headers=None, params=None):
        return self.request("GET", path, headers=headers, params=params)

    def post(self, path, *, json=None, content=None, headers=None):
        return self.request(
            "POST", path, headers=headers, body=jsons.dumps(json).encode() if content is None else content
        )

    def request(self, method, path, *, headers=None, params=None, body=b""):
        path, _, query = path.partition("?")
        given = {"host": self.host, "content-length": str(len(body))} | {
            k.lower(): v for k, v in (headers or {}).items()
        }
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": (query or urlencode(params or {})).encode(),
            "headers": [(k.encode(), v.encode()) for k, v in given.items()],
            "server": ("127.0.0.1", 8080),
            "client": ("127.0.0.1", 50000),
        }
        return asyncio.run(self._send(scope, body))

    async def _send(self, scope, body):
        sent = []
        parts = [body[i : i + 65536] for i in range(0, len(body), 65536)] or [b""]
        messages = [
            {"type": "http.request", "body": part, "more_body": i < len(parts) - 1} for i, part in enumerate(parts)
        ]

        async def receive():
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        start = next(m for m in sent if m["type"] == "http.response.start")
        headers = {k.decode(): v.decode() for k, v in start["headers"]}
        return Answer(
            start["status"], headers, b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        )
