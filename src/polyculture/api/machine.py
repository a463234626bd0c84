"""Inspect the installation and the machine: what is there, what is missing, what is broken."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import polyculture
from polyculture.core.record import Record
from polyculture.nets.efficiency.machine_memory import total_bytes
from polyculture.sources.starter import cache, lock
from polyculture.store.home import home

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EXTRAS = {
    "train": (
        "train, study and predict; audit of runs; starter fetch; survey of transformers, of the "
        "starter, of configurations and runs; snapshot hub"
    ),
    "excel": "tables in .xlsx",
}
"""What does not work without the libraries of an extra."""
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)([^;]*)(?:;.*extra\s*==\s*[\"'](\w+)[\"'])?")
ABOUT_TORCH = """
import torch
names = [f"cuda ({torch.cuda.get_device_name(0)})"] if torch.cuda.is_available() else []
names += ["mps"] if torch.backends.mps.is_available() else []
print(*names or ["cpu"], sep=", ")
"""
PATIENCE = 120
"""Seconds after which torch counts as failing to start."""
LITTLE = 2_000_000_000
"""Bytes of free disk below which a fetch of the whole starter would fill it."""
ROOM = 1_000_000_000
"""Bytes of memory below which training a starter model is likely to fail."""


class Library(Record):
    """A library that this package asks for."""

    name: str
    version: str = ""
    """Empty where it is not installed."""
    extra: str = ""
    """The extra that brings it; empty for the base install."""
    wanted: str = ""
    """Which versions will do."""
    is_fit: bool
    """It is there, in one of these versions as far as can be told."""


class Kept(Record):
    """A folder of the cache."""

    name: str
    bytes: int


class Problem(Record):
    """Something that is missing or broken."""

    is_broken: bool
    """It was there once, or should be, and does not work; else it is only missing."""
    sentence: str
    mend: str
    """How to fix it: a command, if there is one."""


class Checkup(Record):
    """What ``polyculture doctor`` found."""

    polyculture: str
    python: str
    platform: str
    cores: int
    memory_bytes: int
    device: str
    """``cpu``, or what torch sees beside it."""
    libraries: tuple[Library, ...]
    cache: str
    """Folder of the cache."""
    kept: tuple[Kept, ...]
    free_bytes: int
    """Free on the disk of the cache."""
    fetched: tuple[str, ...]
    """Starters that are there and whole."""
    damaged: tuple[str, ...]
    not_fetched: tuple[str, ...]
    browser: str
    """What opens pages; empty where nothing was found."""
    chinese_font: str
    """A font that draws Chinese; empty where none was found, or nothing tells."""
    problems: tuple[Problem, ...]

    @property
    def is_broken(self) -> bool:
        """Whether anything is broken rather than missing."""
        return any(problem.is_broken for problem in self.problems)


def doctor() -> Checkup:
    """Check everything that a command may need; nothing is changed or fetched.

    Torch is asked for its devices in a process of its own: importing it takes seconds, and one that
    breaks while it is imported must not stop the other checks.
    """
    libraries = tuple(_libraries())
    device, trouble = _device()
    states = {entry.name: cache.damage_of(entry) for entry in lock.starters()}
    fetched = tuple(entry.name for entry in lock.starters() if cache.mark_of(entry) is not None)
    damaged = {name: what for name, what in states.items() if what}
    place = home()
    free = shutil.disk_usage(_nearest(place)).free
    memory = total_bytes()
    problems = (
        *trouble,
        *_missing(libraries),
        *(_damage(name, what) for name, what in damaged.items()),
        *_tight(place, free, memory),
    )
    return Checkup(
        polyculture=polyculture.__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cores=_cores(),
        memory_bytes=memory,
        device=device,
        libraries=libraries,
        cache=str(place),
        kept=tuple(_kept(place)),
        free_bytes=free,
        fetched=fetched,
        damaged=tuple(damaged),
        not_fetched=tuple(n for n in states if n not in fetched and n not in damaged),
        browser=_browser(),
        chinese_font=_chinese_font(),
        problems=problems,
    )


def _libraries() -> Iterator[Library]:
    try:
        lines = requires("polyculture") or []
    except PackageNotFoundError:  # run from its source alone
        return
    for match in filter(None, map(REQUIREMENT.match, lines)):
        name, wanted, extra = match[1], match[2].strip(), match[3] or ""
        if extra in {"", *EXTRAS} and name != "polyculture":
            there = _version(name)
            is_fit = bool(there) and _is_among(there, wanted)
            yield Library(name=name, version=there, extra=extra, wanted=wanted, is_fit=is_fit)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _is_among(there: str, wanted: str) -> bool:
    """Whether a version is one that is asked for; yes, where nothing is installed that can tell.

    Example:
        >>> _is_among("5.24.0", ">=5.5,<6")
        True
    """
    if find_spec("packaging") is None:
        return True
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(wanted).contains(there, prereleases=True)


def _device() -> tuple[str, tuple[Problem, ...]]:
    if find_spec("torch") is None:
        return "cpu (torch is not installed)", ()
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            [sys.executable, "-c", ABOUT_TORCH],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        failure = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["-"])[-1]
    except subprocess.TimeoutExpired:
        return "unknown", (_torch_fails(f"it did not start within {PATIENCE} s"),)
    if failure or done.returncode:
        return "unknown", (_torch_fails(failure),)
    return done.stdout.strip(), ()


def _torch_fails(why: str) -> Problem:
    return Problem(
        is_broken=True,
        sentence=f"torch is installed, but cannot be imported ({why}).",
        mend="pip install --force-reinstall torch==2.13.0",
    )


def _missing(libraries: Sequence[Library]) -> Iterator[Problem]:
    for extra, what in {"": "every command", **EXTRAS}.items():
        lacking = [
            _lacking(library)
            for library in libraries
            if library.extra == extra and not library.is_fit
        ]
        if lacking:
            target = f"polyculture[{extra}]" if extra else "polyculture"
            yield Problem(
                is_broken=not extra,
                sentence=f"Not installed: {', '.join(lacking)}. Needed for: {what}.",
                mend=f"pip install '{target}'",
            )


def _lacking(library: Library) -> str:
    if not library.version:
        return library.name
    return f"{library.name} {library.wanted} (there is {library.version})"


def _damage(name: str, what: str) -> Problem:
    return Problem(
        is_broken=True,
        sentence=f"The starter {name!r} is damaged: {what}.",
        mend=f"polyculture starter fetch {name}",
    )


def _tight(place: Path, free: int, memory: int) -> Iterator[Problem]:
    if not os.access(_nearest(place), os.W_OK):
        yield Problem(
            is_broken=True,
            sentence=f"The cache {place} cannot be written by you.",
            mend="export POLYCULTURE_HOME=FOLDER, a folder of yours",
        )
    if free < LITTLE:
        yield Problem(
            is_broken=False,
            sentence=f"Only {free / 1e9:.1f} GB are free on the disk of the cache {place}.",
            mend="export POLYCULTURE_HOME=FOLDER, a folder on another disk",
        )
    if memory < ROOM:
        yield Problem(
            is_broken=False,
            sentence=f"This machine lets a program use {memory / 1e9:.1f} GB of memory.",
            mend="train bases made from nothing, or on a larger machine",
        )


def _nearest(place: Path) -> Path:
    """A folder, or the nearest one above it that exists."""
    return next(
        parent for parent in (place.absolute(), *place.absolute().parents) if parent.is_dir()
    )


def _kept(place: Path) -> Iterator[Kept]:
    """The folders of the cache and their sizes; links are not followed."""
    for folder in sorted(place.iterdir()) if place.is_dir() else ():
        if folder.is_dir() and not folder.is_symlink():
            files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
            yield Kept(name=folder.name, bytes=sum(map(_size, files)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # another process has just removed it
        return 0


def _cores() -> int:
    """Processor cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _browser() -> str:
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return ""
    return str(getattr(browser, "name", "") or type(browser).__name__)


def _chinese_font() -> str:
    """By what fontconfig says, where it is installed."""
    if shutil.which("fc-list") is None:
        return ""
    command = ["fc-list", ":lang=zh", "family"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return (done.stdout.splitlines() or [""])[0]
