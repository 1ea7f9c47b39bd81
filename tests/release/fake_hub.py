"""As much of the hub's HTTP interface as an upload of a folder uses, in memory: who asked, and what was committed."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """What the hub was told."""

    url: str = ""
    created: list[dict[str, object]] = field(default_factory=list)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """`datasets/OWNER/NAME` or `models/OWNER/NAME` -> path -> content."""
    tokens: set[str] = field(default_factory=set)
    refuse: bool = False


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub on a free port of this machine."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # Listing a new repository: nothing is in it. Asking about one: it is there.
            self._say([] if "/tree/" in self.path else {"id": "x/y", "sha": "0" * 40, "siblings": []})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hub.tokens.add(self.headers.get("Authorization", ""))
            if hub.refuse:
                self._say({"error": "not yours"}, 403)
            elif self.path.endswith("/repos/create"):
                hub.created.append(json.loads(body))
                self._say({"url": f"{hub.url}/x/y", "name": "x/y"})
            elif "/preupload/" in self.path:
                paths = [file["path"] for file in json.loads(body)["files"]]
                self._say({"files": [{"path": p, "uploadMode": "regular", "shouldIgnore": False} for p in paths]})
            elif "/commit/" in self.path:
                name = self.path.removeprefix("/api/").partition("/commit/")[0]
                for line in body.splitlines():
                    entry = json.loads(line)
                    if entry["key"] == "file":
                        value = entry["value"]
                        hub.files.setdefault(name, {})[value["path"]] = base64.b64decode(value["content"])
                self._say({"success": True, "commitOid": "0" * 40, "commitUrl": f"{hub.url}/x/y/commit/0"})
            else:
                self._say({})

        def log_message(self, *_: object) -> None:
            pass

        def _say(self, value: object, status: int = 200) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
