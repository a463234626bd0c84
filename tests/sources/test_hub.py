"""A hub is reached over HTTP; here it is a small one on this machine."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from polyculture.checks.tiny import tiny_base

COMMIT = "0123456789abcdef0123456789abcdef01234567"
UNREACHABLE = "http://127.0.0.1:9"


@dataclass
class Hub:
    """Repositories by their place on the hub, and what was asked for."""

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)


def handler_of(hub: Hub) -> type[BaseHTTPRequestHandler]:
    """The part of a hub's interface that fetching needs."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.split("?")[0].strip("/")
            if path.startswith("api/"):
                self._answer(*description(hub, path.removeprefix("api/")))
                return
            content = content_of(hub, path)
            if content is None:
                self._answer(404, b"{}", {"X-Error-Code": "EntryNotFound"})
                return
            if self.command == "GET":
                hub.fetched.append(path.partition("/resolve/")[2].partition("/")[2])
            etag = hashlib.sha256(content).hexdigest()
            self._answer(200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    return Handler


def content_of(hub: Hub, path: str) -> bytes | None:
    """A file of a repository."""
    place, _, rest = path.partition("/resolve/")
    place = place if place.startswith("datasets/") else f"models/{place}"
    revision, _, name = rest.partition("/")
    return hub.repositories.get(place, {}).get(name) if revision in {COMMIT, "main"} else None


def description(hub: Hub, path: str) -> tuple[int, bytes, dict[str, str]]:
    """What the hub says about a repository."""
    place = "/".join(path.split("/")[:3])
    files = hub.repositories.get(place)
    if files is None:
        return 404, b"{}", {"X-Error-Code": "RepoNotFound"}
    if "/revision/" in path and path.split("/revision/")[1] not in {"main", COMMIT}:
        return 404, b"{}", {"X-Error-Code": "RevisionNotFound"}
    if "/tree/" in path:
        tree = [
            {"type": "file", "path": name, "size": len(data), "oid": _object_id(data)}
            for name, data in files.items()
        ]
        return 200, json.dumps(tree).encode(), {}
    names = [{"rfilename": name} for name in files]
    about = {"id": place.split("/", 1)[1], "sha": COMMIT, "siblings": names}
    return 200, json.dumps(about).encode(), {}


def _object_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324  # git's own


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A running hub without repositories."""
    made = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


READ = """
import json, sys
from polyculture.core import parts
from polyculture.core.errors import PolycultureError
shelf, settings, work = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
source = parts.load(f"sources.{shelf}", "hub")
checked = source.settings.model_validate(settings)
try:
    if shelf == "data":
        found = source.read(checked, parts.load("tasks", "classification").columns)
        rows = {split: rows.to_dicts() for split, rows in found.splits.items()}
        print(json.dumps({"rows": rows, "notes": found.notes}))
    else:
        found = source.open(checked, (), None, 1)
        names = sorted(path.name for path in found.folder.iterdir())
        print(json.dumps({"files": names, "lineage": found.lineage, "notes": found.notes}))
except PolycultureError as error:
    print(json.dumps({"error": str(error)}))
"""


def reach(
    shelf: str, settings: dict[str, Any], home: Path, endpoint: str, *, is_offline: bool = False
) -> dict[str, Any]:
    """Read from the hub in a process of its own, where tests' offline switch is lifted."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "1" if is_offline else "0",
        "HF_HUB_ETAG_TIMEOUT": "2",
    }
    told = subprocess.run(
        [sys.executable, "-c", READ, shelf, json.dumps(settings), str(home)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


DATA = {"source": "hub", "name": "someone/films", "train": "data/train.csv", "test": "test.jsonl"}
FILES = {
    "data/train.csv": b"text,label\ngood,yes\nbad,no\n",
    "test.jsonl": b'{"text": "fine", "label": "yes"}\n',
    "huge.bin": b"x" * 1000,
}


@pytest.mark.slow
def test_a_data_set_is_read_at_one_commit(hub: Hub, tmp_path: Path) -> None:
    """Only the named files come, and the note says how to pin what was taken."""
    hub.repositories["datasets/someone/films"] = FILES

    answer = reach("data", DATA, tmp_path, hub.url)

    assert answer["rows"]["train"] == [
        {"id": "train-2", "text": "good", "label": "yes"},
        {"id": "train-3", "text": "bad", "label": "no"},
    ]
    assert answer["rows"]["test"] == [{"id": "test-1", "text": "fine", "label": "yes"}]
    assert sorted(set(hub.fetched)) == ["data/train.csv", "test.jsonl"]
    assert any(f"revision = '{COMMIT}'" in note for note in answer["notes"])


@pytest.mark.slow
def test_a_pinned_data_set_is_read_again_without_a_network(hub: Hub, tmp_path: Path) -> None:
    """Once fetched, neither a broken line nor the offline switch is in the way."""
    hub.repositories["datasets/someone/films"] = FILES
    pinned = {**DATA, "revision": COMMIT}

    first = reach("data", pinned, tmp_path, hub.url)

    assert first["notes"] == []
    assert reach("data", pinned, tmp_path, UNREACHABLE) == first
    assert reach("data", pinned, tmp_path, UNREACHABLE, is_offline=True) == first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "someone/songs"}, "There is no dataset 'someone/songs'"),
        ({"revision": "v9"}, "no revision 'v9'"),
        ({"name": "a/b/c"}, "owner/name"),
        ({"train": "data/tran.csv"}, "no file 'data/tran.csv'"),
    ],
)
def test_what_is_not_there_is_one_sentence(
    hub: Hub, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    """Data set, revision, name and file are told apart."""
    hub.repositories["datasets/someone/films"] = FILES

    assert words in reach("data", {**DATA, **change}, tmp_path, hub.url)["error"]


@pytest.mark.slow
@pytest.mark.parametrize("shelf", ["data", "bases"])
def test_a_hub_out_of_reach_is_one_sentence(shelf: str, tmp_path: Path) -> None:
    """It says what to do instead."""
    settings = DATA if shelf == "data" else {"source": "hub", "name": "someone/tiny"}

    answer = reach(shelf, settings, tmp_path, UNREACHABLE)

    assert "the hub cannot be reached" in answer["error"]


@pytest.mark.slow
def test_a_base_comes_without_code_and_pickles(hub: Hub, tmp_path: Path) -> None:
    """Weights, configuration and tokenizer are all that is fetched."""
    folder = tiny_base(tmp_path / "tiny", "bert", ["a good film"])
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    hub.repositories["models/someone/tiny"] = {
        **files,
        "pytorch_model.bin": b"a pickle",
        "modeling.py": b"raise SystemExit",
    }

    answer = reach("bases", {"source": "hub", "name": "someone/tiny"}, tmp_path, hub.url)

    assert answer["lineage"] == ["someone/tiny"]
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= set(answer["files"])
    assert not {"pytorch_model.bin", "modeling.py"} & (set(answer["files"]) | set(hub.fetched))


@pytest.mark.slow
def test_a_base_with_pickles_only_is_refused(hub: Hub, tmp_path: Path) -> None:
    """They are not even fetched."""
    hub.repositories["models/someone/old"] = {"config.json": b"{}", "pytorch_model.bin": b"x"}

    answer = reach("bases", {"source": "hub", "name": "someone/old"}, tmp_path, hub.url)

    assert "no model.safetensors" in answer["error"]
    assert "pytorch_model.bin" not in hub.fetched
