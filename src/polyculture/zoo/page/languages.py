"""The languages of the page, each a catalogue in the folder ``words``."""

import tomllib
from importlib.resources import files

from polyculture.zoo.page.language import Language


def read_catalogue(code: str) -> Language:
    """The language of ``words/<code>.toml``.

    Example:
        >>> read_catalogue("en").say("verdict.none", cards="12 models")
        '12 models, of which neither architecture nor lineage is known.'
    """
    text = (files("polyculture.zoo.page") / "words" / f"{code}.toml").read_text(encoding="utf-8")
    catalogue = tomllib.loads(text)
    reasons = tuple((pattern, said) for pattern, said in catalogue.pop("reasons"))
    return Language(**catalogue, reasons=reasons)


ENGLISH = read_catalogue("en")
CHINESE = read_catalogue("zh-CN")
