"""The languages of the page, each a catalogue in the folder ``words``."""

from polyculture.page.language import Code, read_catalogue
from polyculture.report.language import Language


def _language(code: Code) -> Language:
    return Language(**read_catalogue("polyculture.report", code))


ENGLISH = _language("en")
CHINESE = _language("zh-CN")
LANGUAGES = {one.code: one for one in (ENGLISH, CHINESE)}
