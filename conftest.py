"""Settings of the whole test run."""

import os
from importlib.util import find_spec

from hypothesis import settings

# Threads that wait must not spin: the test machine may be shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Nothing in a test may reach a hub.
os.environ["HF_HUB_OFFLINE"] = "1"

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")

# Doctests import what they document; without the train extra these folders cannot be imported.
collect_ignore_glob = (
    [] if find_spec("torch") else ["src/polyculture/engine/*", "src/polyculture/nets/*"]
)
