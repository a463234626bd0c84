"""Every task keeps the promises of its shelf."""

import pytest

from polyculture.checks.tasks import CHECKS, QUICK, Check
from polyculture.core import parts

SLOW = [pytest.param(check, marks=pytest.mark.slow) for check in CHECKS if check not in QUICK]


@pytest.mark.parametrize("check", [*QUICK, *SLOW], ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", parts.names("tasks"))
def test_a_task_keeps_its_promises(name: str, check: Check) -> None:
    """Each cell of task and promise."""
    check(parts.load("tasks", name))
