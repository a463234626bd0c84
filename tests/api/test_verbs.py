"""The hub: every verb is there, whatever was imported before."""

import pkgutil

from polyculture import api


def test_every_verb_is_a_function_and_none_is_hidden_by_a_file() -> None:
    """A module of a verb's name would take its place once it is imported."""
    files = {file.name for file in pkgutil.iter_modules(api.__path__)}

    assert not files & set(api._VERBS)
    for verb in api._VERBS:
        assert callable(getattr(api, verb)), verb
