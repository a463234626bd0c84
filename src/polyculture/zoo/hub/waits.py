"""How long a hub asks to be left alone, as its answers' headers say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """How long the hub asks to wait after a refusal, or none where it does not say.

    Example:
        >>> seconds_to_wait({"Retry-After": "2"}), seconds_to_wait({"RateLimit": '"api";r=0;t=55'})
        (2.0, 55.0)
    """
    told = {name.lower(): value.strip() for name, value in headers.items()}
    wanted = told.get("retry-after", "")
    if re.fullmatch(r"\d+(\.\d+)?", wanted):
        return float(wanted)
    try:
        moment = parsedate_to_datetime(wanted)
    except ValueError:
        return seconds_of_rest(headers) or None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(tz=UTC)).total_seconds())


def seconds_of_rest(headers: Mapping[str, str]) -> float:
    """How long no request is left: 0 while there are some, or where the hub does not say.

    Example:
        >>> seconds_of_rest({"RateLimit": '"api";r=7;t=55'})
        0.0
    """
    told = {name.lower(): value for name, value in headers.items()}
    found = re.search(r"\br\s*=\s*(\d+)\s*;\s*t\s*=\s*(\d+)", told.get("ratelimit", ""))
    return float(found[2]) if found and int(found[1]) == 0 else 0.0
