"""The page's own words, outside of what a report says, each language a catalogue in ``words``."""

from collections.abc import Mapping

from polyculture.page.language import WORDS, read_catalogue

INTERFACE: Mapping[str, Mapping[str, str]] = {
    code: read_catalogue("polyculture.page", code)["phrases"] for code in WORDS.values()
}
