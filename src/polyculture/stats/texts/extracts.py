"""How well a piece of a text fits the right ones: exact match and F1 as SQuAD and CMRC score them.

Source: Rajpurkar et al. 2016, arXiv:1606.05250, ``evaluate-v1.1.py``; Rajpurkar et al. 2018,
arXiv:1806.03822, ``evaluate-v2.0.py``; Cui et al. 2019, arXiv:1810.07366, ``cmrc2018_evaluate.py``.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

Cut = Callable[[str], Iterable[tuple[int, int]]]
"""Where the words of a text begin and end."""
ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)
PUNCTUATION = str.maketrans("", "", string.punctuation)
CHINESE = re.compile("[\u4e00-\u9fa5]")
SIGNS = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
"""Punctuation that CMRC's script takes out, sign by sign."""
WORD = re.compile(r"\w+(?:[.,']\w+)*|[^\w\s]")
"""A word, or a sign, between Chinese characters; CMRC's script asks nltk."""


def normalised(text: str) -> str:
    """SQuAD's form: lower case, without ASCII punctuation, articles and needless spaces.

    Example:
        >>> normalised("The U.S.A.,  twenty-one")
        'usa twentyone'
    """
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


def squad_f1(answer: str, gold: str) -> float:
    """F1 of the words of two texts, each as often as it occurs; 0 where one has none (v1.1)."""
    answered, right = normalised(answer).split(), normalised(gold).split()
    same = sum((Counter(answered) & Counter(right)).values())
    return 2 * same / (len(answered) + len(right)) if same else 0.0


def pieces(text: str) -> list[str]:
    """CMRC's pieces: each Chinese character, and the words between them, without punctuation.

    Example:
        >>> pieces("《NBA》在1998年，3.5%")
        ['nba', '在', '1998', '年', '3.5', '%']
    """
    found, others = [], ""
    for sign in text.lower().strip():
        if sign in SIGNS:
            continue
        if CHINESE.match(sign):
            found += [*WORD.findall(others), sign]
            others = ""
        else:
            others += sign
    return found + WORD.findall(others)


def longest_run(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest run of pieces that stands in both.

    Example:
        >>> longest_run("北京大学", "在北京的大学"), longest_run("北京", "上海")
        (2, 0)
    """
    best, before = 0, [0] * (len(second) + 1)
    for piece in first:
        row = [0] * (len(second) + 1)
        for place, other in enumerate(second, start=1):
            if piece == other:
                row[place] = before[place - 1] + 1
        best, before = max(best, *row), row
    return best


def cmrc_f1(answer: str, gold: str) -> float:
    """F1 by the longest run of pieces that both texts have; 0 where there is none."""
    return _run_f1(pieces(answer), pieces(gold))


def any_script_f1(cut: Cut, answer: str, gold: str) -> float:
    """The same of the words of any script, where a script without spaces has characters instead."""
    answered, right = (
        [word for start, end in cut(text) if any(map(str.isalnum, word := text[start:end]))]
        for text in (answer.lower(), gold.lower())
    )
    return _run_f1(answered, right)


def _run_f1(answered: Sequence[str], right: Sequence[str]) -> float:
    run = longest_run(answered, right)
    return 2 * run / (len(answered) + len(right)) if run else 0.0


def cmrc_form(text: str) -> str:
    """What CMRC's exact match compares: lower case, without punctuation."""
    return "".join(sign for sign in text.lower().strip() if sign not in SIGNS)


def chinese_share(texts: Iterable[str]) -> float:
    """Share of the letters that are Chinese characters; 0 where there is no letter.

    Example:
        >>> chinese_share(["さくら祭", "り"])
        0.2
    """
    letters = [sign for text in texts for sign in text if sign.isalpha()]
    return sum(CHINESE.match(sign) is not None for sign in letters) / max(1, len(letters))


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """How an answer is held against the right ones; ``""`` stands for no answer."""

    name: str
    """For the protocol."""
    form: Callable[[str], str]
    """What an exact match compares."""
    f1: Callable[[str, str], float]
    """(answer, gold)"""
    has_none: bool
    """The rules of SQuAD 2.0: no answer may be right, and is where it is given."""

    def grades(self, answer: str | None, gold: Sequence[str]) -> tuple[float, float]:
        """F1 and exact match, the best over the right answers; 0 for an answer that was not given.

        Args:
            answer: The answer; ``""`` for none, None if nothing was given.
            gold: The right ones; empty where no answer is right.
        """
        if answer is None:
            return 0.0, 0.0
        right = list(gold)
        if self.has_none:  # a right answer that is nothing but an article is no answer
            right = [text for text in gold if self.form(text)] or [""]
        exact = max(self.form(answer) == self.form(text) for text in right)
        return max(self._f1(answer, text) for text in right), float(exact)

    def _f1(self, answer: str, gold: str) -> float:
        if self.has_none and not (self.form(answer) and self.form(gold)):
            return float(self.form(answer) == self.form(gold))
        return self.f1(answer, gold)


def scorer_of(*, by_characters: bool, has_none: bool, cut: Cut | None = None) -> Scorer:
    """The scorer of a data set.

    Args:
        by_characters: As CMRC's script, for texts without spaces between words; else as SQuAD's.
        has_none: Questions may have no answer.
        cut: By characters: where words begin and end in scripts that CMRC's script does not know.

    Example:
        >>> scorer_of(by_characters=False, has_none=True).grades("", [])
        (1.0, 1.0)
        >>> scorer_of(by_characters=True, has_none=False).grades("北京大学", ["北京", "大学生"])
        (0.6666666666666666, 0.0)
    """
    if by_characters:
        name = "cmrc2018" if cut is None else "cmrc2018 by the characters of any script"
        name += " with no answer as in squad 2.0" if has_none else ""
        f1 = cmrc_f1 if cut is None else partial(any_script_f1, cut)
        return Scorer(name=name, form=cmrc_form, f1=f1, has_none=has_none)
    name = "squad 2.0" if has_none else "squad 1.1"
    return Scorer(name=name, form=normalised, f1=squad_f1, has_none=has_none)


def best_threshold(
    grades: Sequence[float], margins: Sequence[float], is_none: Sequence[bool]
) -> tuple[float, float, int]:
    """The mean grade if no answer is given above the best margin, as ``evaluate-v2.0.py`` finds it.

    Args:
        grades: Of the pieces that could be answered.
        margins: By how much no answer is likelier than the piece.
        is_none: No answer is right.

    Returns:
        The mean grade, from 0 to 1; the threshold, the margin of the last piece that is answered;
        and how many pieces are answered, 0 if none is, when the threshold is 0 and says nothing.

    Example:
        >>> best_threshold([1.0, 0.0, 0.8, 1.0], [0.1, 0.9, 0.6, 0.2], [False, True, False, False])
        (0.95, 0.6, 3)
    """
    total = best = float(sum(is_none))
    threshold, answered = 0.0, 0
    order = sorted(range(len(margins)), key=lambda row: margins[row])
    for count, row in enumerate(order, start=1):
        total += -1.0 if is_none[row] else grades[row]
        if total > best:
            best, threshold, answered = total, margins[row], count
    return best / len(grades), threshold, answered
