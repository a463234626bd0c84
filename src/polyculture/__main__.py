"""``python -m polyculture`` is the command line."""

from polyculture.cli.main import run

run()
