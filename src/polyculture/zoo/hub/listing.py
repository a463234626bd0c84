"""Pages of a hub's list of models, asked for politely: one at a time, and never more than allowed.

The list holds metadata alone: nothing of a model is fetched, and no code is run.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode, urlsplit

import polyculture
from polyculture.core.errors import PolycultureError, need
from polyculture.core.record import Record
from polyculture.zoo.hub.waits import seconds_of_rest, seconds_to_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

FIELDS = (
    # The hub makes tags of licence and base models; whole cards would be many times as large.
    *("createdAt", "downloads", "lastModified", "library_name", "likes", "pipeline_tag"),
    *("private", "tags"),
)
PAGE = 1000
"""Entries to ask for at once; a hub may give fewer."""
SORTS = {"downloads": "downloads", "created": "createdAt"}
UNAUTHORISED, FORBIDDEN, TOO_MANY, BROKEN = 401, 403, 429, 500
LONGEST_BACKOFF = 60.0
SECONDS_ALLOWED = 60.0
"""For one answer."""


class HubError(PolycultureError):
    """A hub cannot be reached, refuses, or does not answer as a hub does."""


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Which hub, and who asks."""

    endpoint: str
    """Its address without a slash at the end: ``https://huggingface.co``."""
    token: str | None = field(default=None, repr=False)
    """Sent to this hub alone, and written nowhere."""


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How patiently to ask."""

    pause: float = 0.5
    """Seconds between two pages. Hubs allow some 500 to 1000 requests in five minutes."""
    tries: int = 6
    """For one page, before giving up."""
    first_wait: float = 1.0
    """Seconds after the first failure, twice as many after each further one, where the hub does not
    say how long to wait."""
    longest_wait: float = 900.0
    """Seconds; a hub that asks for more is left alone."""


class Wish(Record):
    """What to list."""

    communities: tuple[str, ...] = ()
    """Tags of tasks, listed one after the other; all models for none."""
    library: str | None = None
    sort: Literal["downloads", "created"] = "downloads"
    """The most downloaded first, or the newest."""
    limit: int | None = None
    """At most so many of each community; all for none."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of the list."""

    entries: list[Any]
    """As the hub gave them."""
    following: str | None
    """The query that gives the next page; none after the last."""
    rest: float = 0.0
    """Seconds for which the hub allows no further request."""


@dataclass(frozen=True)
class _Trouble:
    """An answer that may be better the next time."""

    reason: str
    wait: float | None = None
    """Seconds, where the hub says them."""
    is_silence: bool = False


def this_hub() -> Hub:
    """The hub that ``HF_ENDPOINT`` names, and the token of whoever is logged in there.

    Raises:
        HubError: ``HF_HUB_OFFLINE`` is set.
        MissingExtraError: The hub's own library, which knows both, is not installed.
    """
    library = need("huggingface_hub", extra="train", purpose="Reaching a hub")
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        msg = "HF_HUB_OFFLINE is set, but a snapshot asks the hub. Unset it, and try again."
        raise HubError(msg)
    asks_alone = constants.HF_HUB_DISABLE_IMPLICIT_TOKEN
    token = None if asks_alone else library.get_token()
    return Hub(endpoint=constants.ENDPOINT.rstrip("/"), token=token)


def first_query(wish: Wish, community: str | None) -> str:
    """The query of the first page.

    Example:
        >>> first_query(Wish(limit=5), "fill-mask").endswith("limit=5&pipeline_tag=fill-mask")
        True
    """
    asked = [("expand", name) for name in FIELDS]
    asked += [("sort", SORTS[wish.sort]), ("limit", str(min(wish.limit or PAGE, PAGE)))]
    asked += [("pipeline_tag", community)] if community else []
    asked += [("filter", wish.library)] if wish.library else []
    return urlencode(asked)


def pages(
    hub: Hub, query: str, *, manners: Manners, watch: Callable[[str], None]
) -> Iterator[Page]:
    """Give page after page, from that of ``query`` on.

    Args:
        hub: Whom to ask.
        query: Of the first page to ask for, or ``following`` of a page that came before.
        manners: How patiently.
        watch: Told in a few words why nothing comes for a while.

    Raises:
        HubError: The hub cannot be reached, refuses, or answers with something else.
    """
    need("httpx2", extra="train", purpose="Reaching a hub")
    import httpx2

    timeout = httpx2.Timeout(SECONDS_ALLOWED)
    with httpx2.Client(headers=_headers(hub), timeout=timeout, follow_redirects=True) as client:
        following, has_answered = query, False
        while True:
            page = _page(client, hub, following, manners, watch, has_answered=has_answered)
            yield page
            if page.following is None:
                return
            if page.following == following:
                msg = f"{_place(hub)} named the same page as the next one again. Try again later."
                raise HubError(msg)
            following, has_answered = page.following, True
            _wait(max(manners.pause, page.rest), "the hub asks for a rest", hub, manners, watch)


def _headers(hub: Hub) -> dict[str, str]:
    headers = {"User-Agent": f"polyculture/{polyculture.__version__}", "Accept": "application/json"}
    return headers | ({"Authorization": f"Bearer {hub.token}"} if hub.token else {})


def _page(
    client: httpx2.Client,
    hub: Hub,
    query: str,
    manners: Manners,
    watch: Callable[[str], None],
    *,
    has_answered: bool,
) -> Page:
    """One page, asked for again while that may help."""
    for tried in count(1):
        answer = _once(client, hub, query)
        if isinstance(answer, Page):
            return answer
        if answer.is_silence and not has_answered:
            msg = f"{_place(hub)} cannot be reached. Check the network, and HF_ENDPOINT."
            raise HubError(msg)
        if tried == manners.tries:
            msg = f"{_place(hub)} was asked {tried} times, but {answer.reason}. Try again later."
            raise HubError(msg)
        has_answered = has_answered or not answer.is_silence
        backoff = min(manners.first_wait * 2 ** (tried - 1), LONGEST_BACKOFF)
        seconds = backoff if answer.wait is None else answer.wait
        _wait(seconds, answer.reason, hub, manners, watch)
    raise AssertionError


def _wait(
    seconds: float, reason: str, hub: Hub, manners: Manners, watch: Callable[[str], None]
) -> None:
    if seconds > manners.longest_wait:
        msg = f"{_place(hub)} asks to wait for {seconds / 60:,.0f} minutes. Come back after that."
        raise HubError(msg)
    if seconds > manners.pause:
        watch(f"{reason}: going on in {seconds:.0f} s")
    time.sleep(seconds)


def _once(client: httpx2.Client, hub: Hub, query: str) -> Page | _Trouble:
    import httpx2

    try:
        answer = client.get(f"{hub.endpoint}/api/models?{query}")
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.TooManyRedirects) as error:
        msg = f"{public_address(hub)!r} is no address of a hub ({error}). Check HF_ENDPOINT."
        raise HubError(msg) from error
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        return _Trouble("it cannot be reached", is_silence=True)
    except httpx2.RequestError as error:
        return _Trouble(f"the line broke ({type(error).__name__})")
    if answer.status_code == TOO_MANY or answer.status_code >= BROKEN:
        wait = seconds_to_wait(answer.headers)
        return _Trouble(f"it answered with status {answer.status_code}", wait)
    if not answer.is_success:
        raise HubError(_refusal(hub, answer.status_code))
    return _read(answer)


def _read(answer: httpx2.Response) -> Page | _Trouble:
    try:
        entries = answer.json()
    except ValueError:  # broken JSON, or no text at all
        return _Trouble("its answer is no JSON")
    if not isinstance(entries, list):
        return _Trouble("its answer is no list of models")
    link = answer.links.get("next", {}).get("url")
    # The query alone is taken: a token must not follow a link to another host.
    following = urlsplit(link).query if link else None
    return Page(entries=entries, following=following or None, rest=seconds_of_rest(answer.headers))


def _refusal(hub: Hub, status: int) -> str:
    if status == UNAUTHORISED and hub.token:
        advice = "It does not know the token: log in again with 'hf auth login', or unset HF_TOKEN."
    elif status in {UNAUTHORISED, FORBIDDEN}:
        advice = "It wants to know who asks: log in with 'hf auth login', or set HF_TOKEN."
    else:
        advice = "Check HF_ENDPOINT and what is asked for."
    return f"{_place(hub)} refuses to list models (status {status}). {advice}"


def _place(hub: Hub) -> str:
    return f"The hub at {public_address(hub)}"


def public_address(hub: Hub) -> str:
    """The address without a name and password in it.

    Example:
        >>> public_address(Hub(endpoint="https://me:secret@hub.example"))
        'https://hub.example'
    """
    return re.sub(r"//[^/@]*@", "//", hub.endpoint)
