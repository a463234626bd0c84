"""The end of every ``--help``: examples, exit statuses, where the cache is."""

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

STATUSES = (
    "Exit status: 0 all went well; 2 the input or the request cannot be used, with one sentence on "
    "the error stream; 129, 130 or 143 it was ended by a signal (a closed terminal, Ctrl-C, kill); "
    "1 a bug of ours, or what doctor and --strict look for."
)
CACHE = (
    "POLYCULTURE_HOME names the folder of starter models and of what is kept from call to call; "
    "left out, ~/.cache/polyculture."
)


def epilog(examples: Sequence[str] = ()) -> str:
    """The end of a command's help.

    Args:
        examples: Whole lines as a person types them.

    Example:
        >>> "  polyculture parts" in epilog(["polyculture parts"]).splitlines()
        True
    """
    shown = "\n".join(["Examples:", *(f"  {line}" for line in examples)])
    return "\n\n".join([*([shown] if examples else []), STATUSES, CACHE])


class Command(TyperCommand):
    """A command whose usage says ``RECIPE`` where Typer would write ``{RECIPE}``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words behind the command in the line of usage."""
        return [
            piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)
        ]
