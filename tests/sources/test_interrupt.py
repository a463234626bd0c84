"""Ctrl-C while a starter is fetched."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from polyculture.sources.starter.lock import find


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_keeps_what_came(index: Any, tmp_path: Path) -> None:
    """No traceback, no folder that looks fetched, and a beginning to go on from."""
    archive = find("reviews").archive
    index.files[archive.file] = b"x" * archive.size
    index.tells_hashes = False
    index.stalls_after = 1000
    part = tmp_path / "starter" / ".downloads" / f"{archive.file}.part"
    process = subprocess.Popen(
        [sys.executable, "-m", "polyculture", "starter", "fetch", "reviews"],
        env={
            **os.environ,
            "POLYCULTURE_HOME": str(tmp_path),
            "PIP_INDEX_URL": f"{index.url}/simple/",
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_FIND_LINKS": "",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert index.stalled.wait(30)
    deadline = time.monotonic() + 10
    while not part.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)  # the first bytes are read just after the file is made

    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)

    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert part.stat().st_size == 1000
    assert [path.name for path in (tmp_path / "starter").iterdir()] == [".downloads"]
