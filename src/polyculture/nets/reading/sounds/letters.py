"""Letters that a network spells texts with, one or none for each piece of a clip.

Connectionist temporal classification (Graves et al. 2006, ICML): at each piece the network says a
letter or nothing (the blank); a letter that is said several times in a row is one letter, and a
letter that stands twice in the text has a blank between. So a text needs as many pieces as it has
letters, and one more for each that stands twice in a row.

A vocabulary is a tuple: what each output stands for. The blank is the empty string.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from polyculture.store.weight_files import read_object

BLANK = ""
FILE = "vocab.json"
TOKENIZER = "tokenizer_config.json"
PAD, SPACE = "<pad>", "|"
"""transformers' usual names of the blank and of the space between words."""


def vocabulary_of(stored: tuple[str, ...], letters: Sequence[str]) -> tuple[str, ...]:
    """What a head spells with: what the base spells with, if that is all the letters; else these.

    Example:
        >>> vocabulary_of(("", "a", "b", "c"), ["a", "b"]), vocabulary_of(("", "a"), ["a", "b"])
        (('', 'a', 'b', 'c'), ('a', 'b', ''))
    """
    is_of_letters = all(len(sign) <= 1 or sign[0] in "<[" for sign in stored)  # or names: <s>
    is_known = BLANK in stored and set(letters) <= set(stored)
    return stored if is_known and is_of_letters else (*letters, BLANK)


def pieces_needed(codes: Sequence[int]) -> int:
    """How many pieces of a clip a text needs.

    Example:
        >>> pieces_needed([7, 8, 8]), pieces_needed([])
        (4, 0)
    """
    twice = sum(a == b for a, b in pairwise(codes))
    return len(codes) + twice


def spelt(codes: Sequence[int], vocabulary: Sequence[str]) -> str:
    """The text of the likeliest output at each piece.

    Example:
        >>> spelt([0, 1, 1, 0, 1, 2, 2, 0], ["", "o", "f"])
        'oof'
    """
    said = [code for place, code in enumerate(codes) if not place or codes[place - 1] != code]
    # what a vocabulary has beside letters, such as <s>, is nothing that is heard
    return "".join(sign for sign in (vocabulary[code] for code in said) if len(sign) == 1)


def read_letters_file(folder: Path) -> tuple[str, ...]:
    """The vocabulary in a folder of a base that spells; empty if there is none."""
    if not (folder / FILE).is_file() or (folder / "merges.txt").is_file():
        return ()
    places = read_object(folder / FILE)
    named = read_object(folder / TOKENIZER) if (folder / TOKENIZER).is_file() else {}
    names = {
        _content(named.get("pad_token", PAD)): BLANK,
        _content(named.get("word_delimiter_token", SPACE)): " ",
    }
    ordered = sorted(places, key=lambda sign: int(places[sign]))
    if [int(places[sign]) for sign in ordered] != [*range(len(ordered))]:
        return ()
    return tuple(names.get(sign, sign) for sign in ordered)


def _content(token: object) -> str:
    return str(token["content"] if isinstance(token, dict) else token)


def write_letters_file(vocabulary: Sequence[str], folder: Path) -> None:
    """Write a vocabulary as transformers' ``Wav2Vec2CTCTokenizer`` has it."""
    names = {BLANK: PAD, " ": " " if SPACE in vocabulary else SPACE}
    places = {names.get(sign, sign): code for code, sign in enumerate(vocabulary)}
    settings = {
        "tokenizer_class": "Wav2Vec2CTCTokenizer",
        "pad_token": PAD,
        "word_delimiter_token": names[" "],
        "bos_token": None,
        "eos_token": None,
        "unk_token": PAD,
    }
    (folder / FILE).write_text(json.dumps(places, ensure_ascii=False), encoding="utf-8")
    (folder / TOKENIZER).write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
