"""Cut a text into sentences, or a dialogue into turns, without knowing its language.

A sentence ends at a line break, behind ``.``, ``!``, ``?`` or ``…`` where a space and anything but
a small letter follow, and behind their full-width forms. Abbreviations are not known, so "Dr. Berg"
is cut; initials ("J. Berg") are not.
"""

import re

END = re.compile(
    r"(?<=[。！？])(?![。！？”’」』）])|(?<=[。！？][”’」』）])"  # full-width, spaces or not
    r"|(?<!\b[A-Z]\.)(?<=[.!?…])(?=\s+[^\sa-z])"
    r"|(?<=[.!?…][\"'”’)\]])(?=\s+[^\sa-z])"
)
SPEAKER = re.compile(r"\s*[^\s:：][^:：\n]{0,39}[:：]\s*\S")
"""A line that begins with who speaks."""


def sentences(text: str) -> list[str]:
    r"""The sentences of a text, without spaces around them.

    Example:
        >>> sentences("It rained, e.g. in Oslo. Nobody came!\nJ. Berg left")
        ['It rained, e.g. in Oslo.', 'Nobody came!', 'J. Berg left']
        >>> sentences("今天下雨。“好！”他说。")
        ['今天下雨。', '“好！”', '他说。']
    """
    pieces = [piece.strip() for line in text.splitlines() for piece in END.split(line)]
    return [piece for piece in pieces if piece]


def is_dialogue(text: str) -> bool:
    r"""Whether most lines begin with the name of who speaks, and there are two at least.

    Example:
        >>> is_dialogue("Ada: Hi!\nBo: Hello."), is_dialogue("Note: it rained.")
        (True, False)
    """
    lines = [line for line in text.splitlines() if line.strip()]
    spoken = sum(SPEAKER.match(line) is not None for line in lines)
    return len(lines) > 1 and 2 * spoken > len(lines)


def passages(text: str) -> list[str]:
    r"""The turns of a dialogue, or the sentences of any other text.

    Example:
        >>> passages("Ada: Hi! How are you?\nBo: Fine.")
        ['Ada: Hi! How are you?', 'Bo: Fine.']
    """
    if is_dialogue(text):
        return [line.strip() for line in text.splitlines() if line.strip()]
    return sentences(text)
