"""A hub's list of models, from a small hub on this machine that can misbehave."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from polyculture.core.errors import StoreError
from polyculture.store.writing.marks import beside
from polyculture.zoo.hub import entries as hub_entries
from polyculture.zoo.hub.listing import Hub, HubError, Manners, Wish
from polyculture.zoo.hub.snapshot import METADATA, Facts, take, work_folder
from polyculture.zoo.hub.waits import seconds_to_wait

UNREACHABLE = "http://127.0.0.1:9"
AT_ONCE = Manners(pause=0, tries=3, first_wait=0.01)


@dataclass(frozen=True)
class Answer:
    """What the hub says instead of a page."""

    status: int = 200
    body: bytes = b"[]"
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    """Length that is promised, where it is not that of the body."""


@dataclass
class Listing:
    """Models, how many a page, and what was asked for."""

    url: str = ""
    models: list[Any] = field(default_factory=list)
    size: int = 2
    link: str = "{url}/api/models?{query}&cursor={cursor}"
    instead: dict[int, Answer] = field(default_factory=dict)
    """By number of the request, from 0."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of every page."""
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    askers: list[dict[str, str]] = field(default_factory=list)
    """Headers of the requests."""

    @property
    def hub(self) -> Hub:
        """Where it is, for whoever has no token."""
        return Hub(endpoint=self.url)

    @property
    def cursors(self) -> list[str]:
        """Where the pages that were asked for begin."""
        return [query.get("cursor", ["0"])[0] for query in self.asked]


def page(listing: Listing, asked: dict[str, list[str]], text: str) -> Answer:
    """A page as a hub gives it: a list, and a link to the next one."""
    tag = asked.get("pipeline_tag", [None])[0]
    found = [one for one in listing.models if tag is None or one.get("pipeline_tag") == tag]
    start = int(asked.get("cursor", ["0"])[0])
    end = start + min(listing.size, int(asked["limit"][0]))
    headers = dict(listing.headers)
    if end < len(found):
        query = text.partition("&cursor=")[0]
        link = listing.link.format(url=listing.url, query=query, cursor=end)
        headers["Link"] = f'<{link}>; rel="next"'
    return Answer(body=json.dumps(found[start:end]).encode(), headers=headers)


def handler_of(listing: Listing) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            text = urlsplit(self.path).query
            number = len(listing.asked)
            listing.asked.append(parse_qs(text))
            listing.askers.append(dict(self.headers.items()))
            answer = listing.instead.get(number) or page(listing, listing.asked[-1], text)
            self.send_response(answer.status)
            length = len(answer.body) if answer.promised is None else answer.promised
            self.send_header("Content-Length", str(length))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

    return Handler


@pytest.fixture
def listing() -> Iterator[Listing]:
    """A running hub with five models."""
    made = Listing(models=[{"id": f"lab/m{number}"} for number in range(5)])
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "models.parquet"


def snap(
    listing: Listing, out: Path, wish: Wish | None = None, manners: Manners = AT_ONCE
) -> Facts:
    return take(listing.hub, wish or Wish(), out, manners=manners, watch=lambda *_: None)


def names(out: Path) -> list[str]:
    return pl.read_parquet(out)["id"].to_list()


def test_all_pages_become_one_table(listing: Listing, out: Path) -> None:
    """In the order of the hub; what was fetched on the way is gone."""
    listing.models[0] = {
        "id": "lab/m0",
        "pipeline_tag": "text-generation",
        "library_name": "peft",
        "downloads": 12,
        "likes": 3,
        "createdAt": "2024-05-06T07:08:09.000Z",
        "lastModified": "2025-01-02T00:00:00.000Z",
        "tags": [
            *("peft", "license:mit", "base_model:big/base", "base_model:adapter:big/base"),
            "base_model:other/base",
        ],
    }

    facts = snap(listing, out)

    table = pl.read_parquet(out)
    assert table["id"].to_list() == ["lab/m0", "lab/m1", "lab/m2", "lab/m3", "lab/m4"]
    assert table.row(0, named=True) == {
        "id": "lab/m0",
        "community": "text-generation",
        "parents": ["big/base", "other/base"],
        "relations": ["adapter", None],
        "licence": "mit",
        "library": "peft",
        "downloads": 12,
        "likes": 3,
        "created": date(2024, 5, 6),
        "modified": date(2025, 1, 2),
    }
    assert dict(table.schema) == hub_entries.columns()
    assert (facts.pages, facts.listed, facts.malformed, facts.repeated) == (3, 5, 0, 0)
    assert Facts.model_validate_json(pl.read_parquet_metadata(out)[METADATA]) == facts
    assert {path.name for path in out.parent.iterdir()} == {out.name, beside(out).name}


def test_one_page_is_asked_for_at_a_time_by_name(listing: Listing, out: Path) -> None:
    """The hub learns who asks, for which fields, in which order; no page is asked for twice."""
    snap(listing, out, Wish(sort="created", library="peft"))

    assert listing.cursors == ["0", "2", "4"]
    assert all(one["User-Agent"].startswith("polyculture/") for one in listing.askers)
    first = listing.asked[0]
    assert (first["sort"], first["filter"], first["limit"]) == (["createdAt"], ["peft"], ["1000"])
    assert {"tags", "downloads", "createdAt", "pipeline_tag"} <= set(first["expand"])
    assert not any("Authorization" in one for one in listing.askers)


def test_a_token_goes_to_the_hub_and_nowhere_else(listing: Listing, out: Path) -> None:
    """Not into a file, and not after a link that leads elsewhere."""
    listing.link = "http://127.0.0.1:9/api/models?{query}&cursor={cursor}"
    hub = Hub(endpoint=listing.url, token="hf_secret")  # noqa: S106  # of no hub
    kept: list[bytes] = []

    def watch(*_: Any) -> None:
        kept.extend(path.read_bytes() for path in work_folder(out).iterdir())

    take(hub, Wish(), out, manners=AT_ONCE, watch=watch)

    assert [one["Authorization"] for one in listing.askers] == ["Bearer hf_secret"] * 3
    assert kept
    assert not any(b"hf_secret" in content for content in [*kept, out.read_bytes()])
    assert "hf_secret" not in repr(hub)


def test_what_failed_goes_on_after_the_last_whole_page(listing: Listing, out: Path) -> None:
    """The message says so, and the same command then asks for no page again."""
    listing.instead = {number: Answer(status=503) for number in (1, 2, 3)}

    with pytest.raises(HubError, match=r"One page is kept: the same command resumes") as told:
        snap(listing, out)

    assert "asked 3 times, but it answered with status 503" in str(told.value)
    assert not out.exists()
    listing.asked.clear()
    listing.instead.clear()
    assert snap(listing, out).pages == 3
    assert listing.cursors == ["2", "4"]
    assert names(out) == [f"lab/m{number}" for number in range(5)]


def test_a_kill_between_a_page_and_its_note_repeats_that_page(listing: Listing, out: Path) -> None:
    """The page is written first; without the note it is asked for again, and counted once."""
    folder = work_folder(out)
    notes: list[str] = []

    def watch(*_: Any) -> None:
        notes.append((folder / "state.json").read_text(encoding="utf-8"))
        if len(notes) == 2:
            (folder / "state.json").write_text(notes[0], encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(listing.hub, Wish(), out, manners=AT_ONCE, watch=watch)
    facts = snap(listing, out)

    assert listing.cursors == ["0", "2", "2", "4"]
    assert (facts.pages, facts.listed, facts.repeated) == (3, 5, 0)
    assert names(out) == [f"lab/m{number}" for number in range(5)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "headers", [{"Retry-After": "0.3"}, {"RateLimit": '"api";r=0;t=1'}], ids=["retry", "limit"]
)
def test_a_hub_that_is_asked_too_much_is_left_alone(
    listing: Listing, out: Path, headers: dict[str, str]
) -> None:
    """For as long as it says, which whoever waits is told."""
    listing.instead = {1: Answer(status=429, headers=headers)}
    told: list[str] = []
    began = time.monotonic()

    take(listing.hub, Wish(), out, manners=AT_ONCE, watch=lambda _d, _t, what: told.append(what))

    assert time.monotonic() - began >= 0.3
    assert listing.cursors == ["0", "2", "2", "4"]
    assert any("status 429: going on in" in what for what in told)
    assert len(names(out)) == 5


@pytest.mark.slow
def test_the_last_request_of_a_window_is_followed_by_a_rest(listing: Listing, out: Path) -> None:
    """So that the hub need not refuse at all."""
    listing.size = 3
    listing.headers = {"RateLimit": '"api";r=0;t=1', "RateLimit-Policy": '"api";q=500;w=300'}
    began = time.monotonic()

    snap(listing, out)

    assert listing.cursors == ["0", "3"]
    assert 1 <= time.monotonic() - began < 10


def test_a_broken_hub_is_asked_again(listing: Listing, out: Path) -> None:
    """A status of 500, a line that breaks within a page, a page that is no JSON."""
    listing.instead = {
        0: Answer(status=500),
        1: Answer(status=502),
        3: Answer(body=b'[{"id": "lab', promised=1000),
        5: Answer(body=b"<html>soon</html>"),
    }

    snap(listing, out)

    assert listing.cursors == ["0", "0", "0", "2", "2", "4", "4"]
    assert names(out) == [f"lab/m{number}" for number in range(5)]


def test_an_hour_of_waiting_is_not_waited(listing: Listing, out: Path) -> None:
    """It is said instead."""
    listing.instead = {0: Answer(status=429, headers={"Retry-After": "3600"})}

    with pytest.raises(HubError, match="asks to wait for 60 minutes"):
        snap(listing, out)


def test_waits_may_be_told_as_a_date() -> None:
    """As HTTP allows; one that has passed is no wait."""
    assert seconds_to_wait({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert (seconds_to_wait({"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}) or 0) > 1e9
    assert seconds_to_wait({"Retry-After": "soon"}) is None


MALFORMED: list[Any] = [
    None,
    7,
    [],
    {},
    {"id": 7},
    {"id": " "},
    {"id": "\ud800"},
    {"modelId": None},
]


def test_malformed_entries_are_counted_and_shown(listing: Listing, out: Path) -> None:
    """The rest of the page counts."""
    listing.models = [*MALFORMED, {"modelId": "old/name"}, {"id": "lab/m1", "private": True}]
    listing.size = 100

    facts = snap(listing, out)

    assert names(out) == ["old/name"]
    assert (facts.listed, facts.malformed, facts.private) == (10, len(MALFORMED), 1)
    assert facts.examples[:3] == ("None", "7", "[]")


@pytest.mark.parametrize(
    ("entry", "column"),
    [
        ({"downloads": "many"}, "downloads"),
        ({"downloads": 2**70}, "downloads"),
        ({"likes": True}, "likes"),
        ({"createdAt": "yesterday"}, "created"),
        ({"createdAt": 5}, "created"),
        ({"pipeline_tag": ["a"]}, "community"),
        ({"library_name": "\ud800"}, "library"),
        ({"tags": "license:mit"}, "licence"),
        ({"cardData": "license: mit"}, "licence"),
    ],
)
def test_a_field_of_the_wrong_kind_is_left_empty(entry: dict[str, Any], column: str) -> None:
    """And counted; the model stays."""
    read = hub_entries.read([{"id": "lab/m", **entry}])

    assert read.rows[column].to_list() == [None]
    assert read.unreadable == 1


def test_bases_are_read_from_cards_too() -> None:
    """One or several, with or without what was done; strange ones are left out."""
    entries = [
        {"id": "a", "cardData": {"base_model": "x/y", "base_model_relation": "merge"}},
        {"id": "b", "cardData": {"base_model": ["x/y", None, 3, "z"], "license": "mit"}},
        {"id": "c", "tags": ["base_model:", "base_model:finetune:", 5, "base_model:quantized:q"]},
    ]

    rows = hub_entries.read(entries).rows

    assert rows["parents"].to_list() == [["x/y"], ["x/y", "z"], ["q"]]
    assert rows["relations"].to_list() == [["merge"], [None, None], ["quantized"]]
    assert rows["licence"].to_list() == [None, "mit", None]


def test_cycles_are_kept_as_they_are(listing: Listing, out: Path) -> None:
    """A model of itself, and two of each other: mending is the survey's."""
    listing.models = [
        {"id": "a", "tags": ["base_model:a"]},
        {"id": "b", "tags": ["base_model:c"]},
        {"id": "c", "tags": ["base_model:b"]},
    ]

    snap(listing, out)

    assert pl.read_parquet(out)["parents"].to_list() == [["a"], ["c"], ["b"]]


def test_a_model_given_twice_is_kept_once(listing: Listing, out: Path) -> None:
    """As happens when the order changes between two pages."""
    listing.models = [{"id": "a", "likes": 1}, {"id": "b"}, {"id": "a", "likes": 2}]

    facts = snap(listing, out)

    assert names(out) == ["a", "b"]
    assert pl.read_parquet(out)["likes"].to_list() == [1, None]
    assert facts.repeated == 1


@pytest.mark.parametrize(("limit", "cursors"), [(1, ["0"]), (3, ["0", "2"]), (4, ["0", "2"])])
def test_a_limit_is_kept_to(listing: Listing, out: Path, limit: int, cursors: list[str]) -> None:
    """No page beyond it is asked for."""
    snap(listing, out, Wish(limit=limit))

    assert names(out) == [f"lab/m{number}" for number in range(limit)]
    assert listing.cursors == cursors


def test_communities_are_listed_one_after_the_other(listing: Listing, out: Path) -> None:
    """A limit is that of each."""
    listing.models = [
        {"id": f"{tag}/{number}", "pipeline_tag": tag} for number in range(4) for tag in "abc"
    ]

    snap(listing, out, Wish(communities=("c", "a"), limit=3))

    assert names(out) == ["c/0", "c/1", "c/2", "a/0", "a/1", "a/2"]


def test_a_failure_among_communities_goes_on_with_the_next(listing: Listing, out: Path) -> None:
    """What is whole is not listed again."""
    listing.models = [{"id": f"{tag}/0", "pipeline_tag": tag} for tag in "abc"]
    listing.instead = {1: Answer(status=404)}
    wish = Wish(communities=("a", "b", "c"))

    with pytest.raises(HubError, match="status 404"):
        snap(listing, out, wish)
    listing.instead.clear()
    snap(listing, out, wish)

    assert [one["pipeline_tag"] for one in listing.asked] == [["a"], ["b"], ["b"], ["c"]]
    assert names(out) == ["a/0", "b/0", "c/0"]


@pytest.mark.parametrize(
    ("answer", "token", "words"),
    [
        (Answer(status=401), None, "log in with 'hf auth login'"),
        (Answer(status=401), "old", "does not know the token"),
        (Answer(status=403), "mine", "wants to know who asks"),
        (Answer(status=404), None, "Check HF_ENDPOINT"),
    ],
)
def test_a_refusal_is_one_sentence_at_once(
    listing: Listing, out: Path, answer: Answer, token: str | None, words: str
) -> None:
    """Asking again would not help."""
    listing.instead = {0: answer}
    hub = Hub(endpoint=listing.url, token=token)

    with pytest.raises(HubError, match=words):
        take(hub, Wish(), out, manners=AT_ONCE, watch=lambda *_: None)

    assert len(listing.asked) == 1
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "words"), [(b"<html>", "is no JSON"), (b'{"error": 1}', "is no list of models")]
)
def test_what_is_no_hub_is_found_out(listing: Listing, out: Path, body: bytes, words: str) -> None:
    """After a few tries, as a hub may be ill for a moment."""
    listing.instead = dict.fromkeys(range(3), Answer(body=body))

    with pytest.raises(HubError, match=words):
        snap(listing, out)


def test_a_hub_out_of_reach_is_one_sentence(out: Path) -> None:
    """At once, without a name or password of the address."""
    hub = Hub(endpoint="http://me:secret@127.0.0.1:9")

    with pytest.raises(HubError, match=r"^The hub at http://127.0.0.1:9 cannot be reached\."):
        take(hub, Wish(), out, manners=Manners(), watch=lambda *_: None)


@pytest.mark.parametrize("endpoint", ["hub.example", "ftp://hub.example", "http://a b:c"])
def test_an_address_that_is_none_is_one_sentence(out: Path, endpoint: str) -> None:
    """It names the setting."""
    with pytest.raises(HubError, match="is no address of a hub"):
        take(Hub(endpoint=endpoint), Wish(), out, manners=AT_ONCE, watch=lambda *_: None)


def test_a_list_that_turns_in_a_circle_ends(listing: Listing, out: Path) -> None:
    """A next page that is this page."""
    listing.link = "{url}/api/models?{query}&cursor=2"

    with pytest.raises(HubError, match="the same page"):
        snap(listing, out)


def test_an_empty_list_is_said_and_leaves_nothing(listing: Listing, out: Path) -> None:
    """As after a slip in a tag."""
    with pytest.raises(HubError, match="lists no models for --community fil-mask"):
        snap(listing, out, Wish(communities=("fil-mask",)))

    assert list(out.parent.iterdir()) == []


def test_a_snapshot_that_exists_is_not_taken_again(listing: Listing, out: Path) -> None:
    """Unless it is to be replaced."""
    snap(listing, out)
    listing.asked.clear()
    listing.models = [{"id": "new"}]

    with pytest.raises(StoreError, match="--replace"):
        snap(listing, out)

    assert listing.asked == []
    take(listing.hub, Wish(), out, manners=AT_ONCE, watch=lambda *_: None, replace=True)
    assert names(out) == ["new"]


def test_an_unfinished_snapshot_of_another_wish_is_not_mixed_in(
    listing: Listing, out: Path
) -> None:
    """The message says what it was, and what to do."""
    listing.instead = {1: Answer(status=404)}
    with pytest.raises(HubError):
        snap(listing, out, Wish(limit=4))
    listing.instead.clear()

    with pytest.raises(StoreError, match=r"--limit 4 --sort downloads") as told:
        snap(listing, out, Wish(limit=5))

    assert str(work_folder(out)) in str(told.value)


def test_what_a_kill_left_beside_a_whole_snapshot_is_not_taken_for_new(
    listing: Listing, out: Path
) -> None:
    """Killed after the file was written and before the pages were removed."""
    folder = work_folder(out)
    left: dict[str, bytes] = {}

    def watch(*_: Any) -> None:
        left.update({path.name: path.read_bytes() for path in folder.iterdir()})

    take(listing.hub, Wish(), out, manners=AT_ONCE, watch=watch)
    folder.mkdir()
    for name, content in left.items():
        (folder / name).write_bytes(content)
    listing.models = [{"id": "new"}]

    take(listing.hub, Wish(), out, manners=AT_ONCE, watch=lambda *_: None, replace=True)

    assert names(out) == ["new"]
