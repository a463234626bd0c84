"""Find a pinned archive on the package index that pip is configured for.

pip's own settings are asked for (files and ``PIP_`` variables alike), so a company's mirror, a
proxy or a folder of archives serves here just as it serves pip. pip itself fetches nothing.
"""

import ast
import os
import shutil
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyculture.core.errors import StarterError, need
from polyculture.sources.starter.entry import Archive

SECTIONS = ("global.", "install.", "download.", ":env:.")
"""Of pip's settings, the later counts more."""


@dataclass(frozen=True, kw_only=True)
class PipSettings:
    """What pip knows about where packages are."""

    index: str | None = None
    """None: the public index."""
    extra_indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    certificates: str | None = None
    proxy: str | None = None
    timeout: float = 30.0
    is_without_index: bool = False


def pip_settings() -> PipSettings:
    """Ask pip for its settings; without pip, read its environment variables."""
    return settings_of(_listed_by_pip() or _from_environment())


def _listed_by_pip() -> str:
    commands = [[sys.executable, "-m", "pip"]]
    if other := shutil.which("pip"):
        commands.append([other])
    for command in commands:
        asked = subprocess.run(  # noqa: S603  # this Python's pip, or the one on the path
            [*command, "config", "list"], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0:
            return asked.stdout
    return ""


def _from_environment() -> str:
    return "\n".join(
        f":env:.{name.removeprefix('PIP_').lower().replace('_', '-')}={value!r}"
        for name, value in os.environ.items()
        if name.startswith("PIP_")
    )


def settings_of(listing: str) -> PipSettings:
    r"""Read what ``pip config list`` prints.

    Example:
        >>> found = settings_of("global.find-links='/wheels'\n:env:.find-links='/mine /yours'")
        >>> found.find_links
        ('/mine', '/yours')
    """
    values: dict[str, str] = {}
    lines = [line.partition("=") for line in listing.splitlines() if "=" in line]
    for section in SECTIONS:
        for key, _, value in lines:
            if key.startswith(section):
                values[key.removeprefix(section)] = str(ast.literal_eval(value))
    return PipSettings(
        index=values.get("index-url"),
        extra_indexes=tuple(values.get("extra-index-url", "").split()),
        find_links=tuple(values.get("find-links", "").split()),
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        certificates=values.get("cert"),
        proxy=values.get("proxy"),
        timeout=float(values.get("timeout") or values.get("default-timeout") or 30),
        is_without_index=values.get("no-index", "").lower() in {"1", "true", "yes", "on"},
    )


def session_of(settings: PipSettings) -> Any:
    """A client that reaches what pip reaches: certificates, proxy, trusted hosts, passwords."""
    need("unearth", extra="train", purpose="Fetching starter packages")
    from unearth.auth import MultiDomainBasicAuth
    from unearth.fetchers import PyPIClient

    verify: Any = True
    if settings.certificates:
        verify = ssl.create_default_context(cafile=settings.certificates)
    session = PyPIClient(
        trusted_hosts=settings.trusted_hosts,
        verify=verify,
        proxy=settings.proxy,
        timeout=settings.timeout,
        follow_redirects=True,
    )
    indexes = [url for url in (settings.index, *settings.extra_indexes) if url]
    session.auth = MultiDomainBasicAuth(index_urls=indexes)
    return session


def find_address(archive: Archive, settings: PipSettings, session: Any) -> str:
    """Where the archive can be fetched from.

    Raises:
        StarterError: No place that pip knows offers it, or only with another SHA-256.
    """
    refused = ""
    for package in _finder(settings, session).find_matches(f"{archive.package}=={archive.version}"):
        link = package.link
        if link.filename != archive.file:
            continue
        told = (link.hash_option or {}).get("sha256", [archive.sha256])[0]
        if told == archive.sha256:
            return str(link.url_without_fragment)
        refused = refused or told
    if refused:
        msg = (
            f"The index offers {archive.file} with the SHA-256 {refused}, but {archive.sha256} is "
            "expected: it is not the file that was checked, and is refused."
        )
        raise StarterError(msg)
    msg = (
        f"{archive.file} is on no package index that pip is configured for. "
        "Check the network and `pip config list`, then run the same command again."
    )
    raise StarterError(msg)


def _finder(settings: PipSettings, session: Any) -> Any:
    from unearth import PackageFinder

    places = [place for place in map(os.path.expanduser, settings.find_links) if _is_there(place)]
    if settings.is_without_index and not places:
        msg = "pip is configured with no-index and without find-links, so nothing can be fetched."
        raise StarterError(msg)
    finder = PackageFinder(
        session,
        index_urls=[settings.index] if settings.index else (),  # without any, the public index
        ignore_compatibility=True,  # data members are the same on every machine
        respect_source_order=True,  # nearer places first, and the network only if they lack it
    )
    if settings.is_without_index:
        finder.sources.clear()
    else:
        for url in settings.extra_indexes:
            finder.add_index_url(url)
    indexes = sorted(finder.sources, key=lambda source: not source["url"].startswith("file:"))
    finder.sources.clear()
    for place in places:
        finder.add_find_links(place)
    finder.sources.extend(indexes)
    return finder


def _is_there(place: str) -> bool:
    return "://" in place or Path(place).exists()
