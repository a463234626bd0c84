"""The languages of the page, each a catalogue in the folder ``words``."""

from polyculture.page.language import Code, read_catalogue
from polyculture.zoo.page.language import Language


def _language(code: Code) -> Language:
    return Language(**read_catalogue("polyculture.zoo.page", code))


ENGLISH = _language("en")
CHINESE = _language("zh-CN")
