"""The language of an audit's page: small numbers in words, and what all models are called."""

from collections.abc import Sequence

from polyculture.core.values import Known, Value
from polyculture.page import language, numbers
from polyculture.page.numbers import SMALLEST_P, Form

LARGEST_SPELLED = 10
LARGEST_RATIO = 1_000_000


class Language(language.Language):
    """Sentences, and what measures are called."""

    def spelled(self, number: int) -> str:
        """A number in words as far as that reads well.

        Example:
            >>> from polyculture.report.languages import ENGLISH
            >>> ENGLISH.spelled(6), ENGLISH.spelled(1200)
            ('six', '1,200')
        """
        return self.say(f"number.{number}") if number <= LARGEST_SPELLED else f"{number:,}"

    def every(self, number: int) -> str:
        """All models, in words.

        Example:
            >>> from polyculture.report.languages import CHINESE, ENGLISH
            >>> ENGLISH.every(2), ENGLISH.every(6), CHINESE.every(6)
            ('both', 'all six', '全部 6 个模型')
        """
        two = 2
        if number == two:
            return self.say("every.two")
        return self.say("every.many", number=self.spelled(number))

    def ratio(self, number: float) -> str:
        """How many times as much; beyond a million, no more than that.

        Example:
            >>> from polyculture.report.languages import ENGLISH
            >>> ENGLISH.ratio(28.7186), ENGLISH.ratio(1e9)
            ('28.7', 'over 1,000,000')
        """
        if number >= LARGEST_RATIO:
            return self.say("ratio.large", number=numbers.count(LARGEST_RATIO))
        return numbers.ratio(number)

    def told_whole(self, value: Value, form: Form) -> str:
        """A value with its interval in one line; why there is none, where something is said."""
        if isinstance(value, Known) and value.low is None and value.no_interval:
            return self.say("told", number=form(value.number), aside=self.interval(value, form))
        return self.told(value, form)

    def few(self, names: Sequence[str], most: int) -> str:
        """Some names, and how many more there are."""
        shown, more = self.phrases["list.comma"].join(names[:most]), len(names) - most
        return self.say("list.more", shown=shown, more=f"{more:,}") if more > 0 else shown

    def sentences(self, sentences: Sequence[str]) -> str:
        """Sentences one after another."""
        return self.phrases["list.sentences"].join(sentences)

    def verdict(self, word: str, p: float) -> str:
        """What a test says, with its p."""
        sign = "below" if p < SMALLEST_P else "equals"
        return self.say(f"p.{sign}", verdict=self.say(f"better.{word}"), p=numbers.p_value(p))
