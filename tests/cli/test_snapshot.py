"""``polyculture snapshot hub``, as a person types it, against a small hub on this machine."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

COUNT, SIZE = 12, 2


@dataclass
class Models:
    """A hub of twelve models, two a page."""

    url: str = ""
    status: int = 200
    asked: list[int] = field(default_factory=list)
    """Where each page asked for begins."""
    stalls_at: int | None = None
    """The page that never comes."""
    stalled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Quiet(ThreadingHTTPServer):
    """A server that does not mind a client that goes away."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


def handler_of(models: Models) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            start = int(parse_qs(urlsplit(self.path).query).get("cursor", ["0"])[0])
            models.asked.append(start)
            if start == models.stalls_at:
                models.stalled.set()
                models.ended.wait(30)
                return
            numbers = range(start, min(start + SIZE, COUNT))
            body = json.dumps([{"id": f"lab/m{number}", "likes": number} for number in numbers])
            self.send_response(models.status)
            self.send_header("Content-Length", str(len(body)))
            if start + SIZE < COUNT:
                link = f"{models.url}/api/models?cursor={start + SIZE}"
                self.send_header("Link", f'<{link}>; rel="next"')
            self.end_headers()
            self.wfile.write(body.encode())

    return Handler


@pytest.fixture
def models() -> Iterator[Models]:
    made = Models()
    server = Quiet(("127.0.0.1", 0), handler_of(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


def start(folder: Path, endpoint: str, *arguments: str, **extra: str) -> subprocess.Popen[str]:
    environment = {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "0"}
    environment |= {"COLUMNS": "200", "HF_TOKEN": "", **extra}
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "polyculture", "snapshot", "hub"),
            *("--out", str(folder / "models.parquet"), "--pause", "0", *arguments),
        ],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, endpoint: str, *arguments: str, **extra: str) -> tuple[int, str, str]:
    process = start(folder, endpoint, *arguments, **extra)
    told, errors = process.communicate(timeout=60)
    return process.returncode, told, errors


@pytest.mark.slow
def test_a_snapshot_says_how_many_models_it_holds(models: Models, tmp_path: Path) -> None:
    """On the output; how far it is goes to the error stream."""
    status, told, errors = run(tmp_path, models.url, "--limit", "5")

    out = tmp_path / "models.parquet"
    assert status == 0, errors
    assert told == f"5 models of {models.url} are in {out}.\n"
    assert "5 entries" in errors
    assert pl.read_parquet(out)["id"].to_list() == [f"lab/m{number}" for number in range(5)]


@pytest.mark.slow
def test_a_killed_snapshot_goes_on_where_it_was(models: Models, tmp_path: Path) -> None:
    """Killed three times without warning, it asks for no whole page again and loses none."""
    for page in (2, 6, 10):
        models.stalls_at = page
        models.stalled.clear()
        process = start(tmp_path, models.url)
        assert models.stalled.wait(30)
        process.kill()
        process.communicate(timeout=30)
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "models.parquet").exists()
    models.stalls_at = None

    status, _, errors = run(tmp_path, models.url)

    assert status == 0, errors
    assert models.asked == [0, 2, 2, 4, 6, 6, 8, 10, 10]
    table = pl.read_parquet(tmp_path / "models.parquet")
    assert table["likes"].to_list() == list(range(COUNT))
    assert [path.name for path in tmp_path.glob("models*")] == ["models.parquet"]


@pytest.mark.slow
def test_ctrl_c_keeps_the_pages_and_says_how_to_go_on(models: Models, tmp_path: Path) -> None:
    """Status 130, no traceback."""
    models.stalls_at = 4
    process = start(tmp_path, models.url)
    assert models.stalled.wait(30)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "the same command resumes" in errors
    kept = sorted(path.name for path in (tmp_path / "models.parquet.unfinished").iterdir())
    assert kept == ["page-000000.parquet", "page-000001.parquet", "state.json"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "http://127.0.0.1:9 cannot be reached"),
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
        ({"HF_TOKEN": "hf_old"}, "does not know the token"),
    ],
)
def test_a_hub_that_does_not_answer_is_one_sentence(
    models: Models, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    """Status 2; no file, no traceback, and the token is not shown."""
    models.status = 401

    status, _, errors = run(tmp_path, models.url, **change)

    assert status == 2
    assert words in errors.splitlines()[-1]
    assert "Traceback" not in errors
    assert "hf_old" not in errors
    assert list(tmp_path.glob("models*")) == []


def test_a_name_that_is_no_parquet_is_refused_before_anything_is_asked(
    models: Models, tmp_path: Path
) -> None:
    """The last --out counts."""
    status, _, errors = run(tmp_path, models.url, "--out", str(tmp_path / "models.csv"))

    assert status == 2
    assert "Use .parquet." in errors
    assert models.asked == []
