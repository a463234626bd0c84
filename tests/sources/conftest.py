"""A small package index on this machine, and tiny archives."""

import hashlib
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from polyculture.sources.starter.entry import Archive
from polyculture.sources.starter.index import PipSettings


@dataclass
class Index:
    """A package index over HTTP that notes what it was asked, and can misbehave."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range header of each request."""
    breaks_after: int | None = None
    """Bytes of a file after which the next connection is cut, once."""
    stalls_after: int | None = None
    """Bytes of a file after which nothing more comes, until the index goes away."""
    stalled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    ignores_ranges: bool = False
    tells_hashes: bool = True

    @property
    def settings(self) -> PipSettings:
        """Pip's settings that lead here."""
        return PipSettings(index=f"{self.url}/simple/", timeout=5)

    def page(self, package: str) -> bytes:
        """What the index says about a package."""
        links = []
        for name, content in self.files.items():
            if name.replace("_", "-").lower().startswith(package):
                told = f"#sha256={hashlib.sha256(content).hexdigest()}" if self.tells_hashes else ""
                links.append(f'<a href="/files/{name}{told}">{name}</a>')
        return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()


class Quiet(ThreadingHTTPServer):
    """A server that does not mind a client that goes away."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


def handler_of(index: Index) -> type[BaseHTTPRequestHandler]:
    """Answer from what the index holds."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            index.asked.append((self.path, asked))
            if self.path.startswith("/simple/"):
                self._answer(200, index.page(self.path.split("/")[2]), "text/html")
                return
            content = index.files[self.path.removeprefix("/files/")]
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
            if index.ignores_ranges:
                start = 0
            extra = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            status = 206 if start else 200
            self._answer(status, content[start:], "application/zip", extra if start else {})

        def _answer(
            self, status: int, body: bytes, kind: str, extra: dict[str, str] | None = None
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (extra or {}).items():
                self.send_header(name, value)
            self.end_headers()
            if index.breaks_after is not None and kind == "application/zip":
                body, index.breaks_after = body[: index.breaks_after], None
                self.close_connection = True
            if index.stalls_after is not None and kind == "application/zip":
                self.wfile.write(body[: index.stalls_after])
                self.wfile.flush()
                index.stalled.set()
                index.ended.wait(30)
                return
            self.wfile.write(body)

    return Handler


@pytest.fixture
def index() -> Iterator[Index]:
    """A running index without files."""
    made = Index(url="")
    server = Quiet(("127.0.0.1", 0), handler_of(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


Pack = Callable[[dict[str, bytes]], tuple[Archive, Path]]


@pytest.fixture
def pack(index: Index, tmp_path: Path) -> Pack:
    """Make a pinned wheel of these members that the index offers; gives the pin and the file."""

    def make(members: dict[str, bytes]) -> tuple[Archive, Path]:
        path = tmp_path / "tiny_model-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as box:
            for name, content in members.items():
                box.writestr(name, content)
        content = index.files[path.name] = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        pin = Archive(
            package="tiny-model", version="1.0", file=path.name, sha256=sha256, size=len(content)
        )
        return pin, path

    return make


@pytest.fixture
def archive(pack: Pack) -> Archive:
    """A tiny pinned package that the index offers."""
    return pack({"tiny/data.txt": b"words\n" * 50_000})[0]
