"""The shape of a word (case, digits, signs) as a code, which an uncased tokenizer loses."""


def spelling(word: str) -> int:
    """The code of a word.

    0 letters without case, 1 lower, 2 Capital, 3 CAPITALS, 4 mIxed, 5 digits, 6 digits and
    letters, 7 signs only, 8 one capital with a full stop, as in "J.".

    Example:
        >>> [spelling(word) for word in ("车", "von", "Rome", "EU", "McKay", "1996", "B2", "--")]
        [0, 1, 2, 3, 4, 5, 6, 7]
    """
    letters = [sign for sign in word if sign.isalpha()]
    has_digit = any(sign.isdigit() for sign in word)
    if not letters:
        return 5 if has_digit else 7
    if has_digit:
        return 6
    if len(word) == 2 and word[0].isupper() and word[1] == ".":  # noqa: PLR2004
        return 8
    return _case("".join(letters))


def _case(letters: str) -> int:
    if letters.lower() == letters.upper():
        return 0
    if letters.islower():
        return 1
    if letters[0].isupper() and letters[1:].lower() == letters[1:]:
        return 2
    return 3 if letters.isupper() else 4
