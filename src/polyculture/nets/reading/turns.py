"""Conversations as tokens: turns, the template that writes them, windows, and what a reply is.

A conversation is written by the chat template of the base's tokenizer, or by ``PLAIN`` where it has
none or where the settings ask for it. The text is cut where a reply begins and where it ends, and
each part is tokenized by itself, so no token holds signs of both, and what is read before a reply
has the same tokens whether the reply is known (learning) or not (writing). A reply is an assistant
turn that another turn precedes; its tokens include the one that ends it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import ModelError
from polyculture.nets.reading.written import stop_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyculture.core.task import Context

PLAIN = (
    "{{ bos_token }}"
    "{% for turn in messages %}{{ turn['role'] | capitalize }}: {{ turn['content'] }}"
    "{% if turn['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""The template of a base that has none: each turn on a line behind its role, an end behind each
reply, as in ``User: Hello``, ``Assistant: Hi</s>``."""
PROBE = ({"role": "user", "content": "a"}, {"role": "assistant", "content": "b"})
Turn = dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A conversation as tokens, or the part of it that is read at once."""

    tokens: list[int]
    replies: tuple[tuple[int, int], ...]
    """Where each reply begins and ends in ``tokens``, the token that ends it included."""
    covers: tuple[int, ...]
    """Bytes (UTF-8) of each reply, as far as they lie in ``tokens``."""
    prompt: int
    """Tokens before the last reply, or before the one that is to be written."""
    dropped: int = 0
    """Oldest turns that are not read."""
    cut_prompt: bool = False
    """The turn before the reply is itself too long: its beginning is not read."""
    cut_reply: bool = False
    """The end of the last reply is not read."""


def replies_of(turns: Sequence[Turn]) -> list[int]:
    """Numbers of the turns that are replies.

    Example:
        >>> replies_of([{"role": role} for role in ("assistant", "user", "assistant")])
        [2]
    """
    return [n for n, turn in enumerate(turns) if n and turn["role"] == "assistant"]


def has_answer(turns: Sequence[Turn]) -> bool:
    """Whether a conversation ends with a reply."""
    return replies_of(turns)[-1:] == [len(turns) - 1]


def template_of(context: Context) -> str:
    """The template that writes conversations: the base's own, or ``PLAIN``."""
    reader, wanted = context.reader, context.settings.template
    if wanted == "plain" or getattr(reader, "chat_template", None) is None:
        return PLAIN
    return str(reader.get_chat_template())


class Writer:
    """Writes conversations as tokens, for one base and the settings of one task.

    The settings have ``template`` (``base`` or ``plain``), and may have ``learns``: ``all`` replies
    of a conversation, or the ``last``, which is meant where they have none.
    """

    def __init__(self, context: Context) -> None:
        self.reader: Any = context.reader
        self.longest = context.longest
        self.room = context.longest_answer
        self.learns_all = getattr(context.settings, "learns", "last") == "all"
        self.template = template_of(context)
        self._known: dict[str, list[int]] = {}
        self._ends = {*self.reader.all_special_ids} - {self.reader.unk_token_id}
        self.stop = self._stop(context)

    def _stop(self, context: Context) -> int:
        """The token that ends a reply: the template's, or else that of a text."""
        said = self.tokens(self.parts(PROBE)[-1][1])
        end = self._end(said)
        return said[end] if end is not None else stop_of(context)

    def _end(self, said: Sequence[int]) -> int | None:
        """The place of the last token of a reply that stands for no text."""
        places = [place for place, token in enumerate(said) if token in self._ends]
        return places[-1] if places else None

    def render(self, turns: Sequence[Turn], *, asks: bool = False) -> str:
        """The text of a conversation; where it asks, up to where the next reply begins.

        Raises:
            ModelError: The template refuses it.
        """
        from jinja2 import TemplateError

        try:
            text: str = self.reader.apply_chat_template(
                list(turns),
                chat_template=self.template,
                tokenize=False,
                add_generation_prompt=asks,
            )
        except TemplateError as error:
            roles = ", ".join(turn["role"] for turn in turns)
            msg = (
                f"The base's chat template refuses a conversation of {roles}: {error}. Set "
                "task.template = 'plain', or change these turns."
            )
            raise ModelError(msg) from error
        return text

    def parts(self, turns: Sequence[Turn]) -> list[tuple[str, str]]:
        """What is given and what is then said, again and again.

        What is said last is empty where the conversation does not end with a reply.

        Raises:
            ModelError: The template writes turns differently when others follow.
        """
        answered, found, done = has_answer(turns), [], ""
        replies = replies_of(turns)
        replies = replies if self.learns_all else replies[-1:] if answered else []
        for number in replies:
            given = self.render(turns[:number], asks=True)
            said = self.render(turns[: number + 1])
            if not given.startswith(done) or not said.startswith(given):
                msg = (
                    "The base's chat template writes a turn differently when others follow, so it "
                    "cannot be told which tokens are a reply. Set task.learns = 'last' or "
                    "task.template = 'plain'."
                )
                raise ModelError(msg)
            found.append((given[len(done) :], said[len(given) :]))
            done = said
        if not answered:
            found.append((self.render(turns, asks=True)[len(done) :], ""))
        return found

    def know(self, texts: Iterable[str]) -> None:
        """Tokenize many texts at once."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            batch = self.reader(new, add_special_tokens=False, return_attention_mask=False)
            self._known.update(zip(new, batch["input_ids"], strict=True))

    def tokens(self, text: str) -> list[int]:
        """The tokens of a part."""
        self.know([text])
        return self._known[text]

    def forget(self) -> None:
        """Let go of what was tokenized."""
        self._known.clear()

    def written(self, turns: Sequence[Turn]) -> Window:
        """All of a conversation, however long."""
        tokens: list[int] = []
        tail: list[int] = []
        spans, begin = [], 0
        for given, said in self.parts(turns):
            tokens += [*tail, *self.tokens(given)]
            tail, begin = [], len(tokens)
            if said:
                reply, tail = self._ended(self.tokens(said))
                tokens += reply
                spans.append((begin, len(tokens)))
        learnt = [turns[n]["content"] for n in replies_of(turns)[-len(spans) :]] if spans else []
        covers = tuple(len(content.encode()) for content in learnt)
        return Window(tokens=tokens, replies=tuple(spans), covers=covers, prompt=begin)

    def _ended(self, said: list[int]) -> tuple[list[int], list[int]]:
        """The tokens of a reply up to the one that ends it, and what the template puts behind."""
        end = self._end(said)
        return ([*said, self.stop], []) if end is None else (said[: end + 1], said[end + 1 :])

    def windows(self, turns: Sequence[Turn]) -> list[Window]:
        """A conversation in as many windows as it takes to read each reply once.

        The last window is that of ``last``. Replies among the turns that it drops are learnt in
        windows of their own before it, unless only the last one is learnt.
        """
        found: list[Window] = []
        while True:
            window, start = self._window(turns)
            found.insert(0, window)
            earlier = [n for n in replies_of(turns) if n < start] if self.learns_all else []
            if not earlier:
                return found
            turns = turns[: earlier[-1] + 1]

    def last(self, turns: Sequence[Turn]) -> Window:
        """The end of a conversation, as it is read for its last reply or to write the next.

        The oldest turns are dropped, but not those of the system, until what precedes the reply
        leaves room for an answer of the settings' length. What the reply is has no part in it.
        """
        return self._window(turns)[0]

    def _window(self, turns: Sequence[Turn]) -> tuple[Window, int]:
        """The last window, and at which turn it starts."""
        whole = self.written(turns)
        if whole.prompt <= self.longest - self.room:
            return self._cut(whole, turns, 0), 0
        starts = _starts(turns)
        asked = turns[:-1] if has_answer(turns) else turns

        def is_short(start: int) -> bool:
            return len(self.written(_without(asked, start)).tokens) <= self.longest - self.room

        place = bisect_left(starts, True, lo=1, hi=max(1, len(starts) - 1), key=is_short)  # noqa: FBT003  # what is looked for
        place = min(place, len(starts) - 1)
        kept = _without(turns, starts[place])
        window = self.written(kept)
        return self._cut(window, kept, len(turns) - len(kept)), starts[place]

    def _cut(self, window: Window, turns: Sequence[Turn], dropped: int) -> Window:
        """Within what is read at once: the beginning of the prompt goes, then the reply's end."""
        over = max(0, window.prompt - (self.longest - self.room))
        lost = max(0, len(window.tokens) - over - self.longest)
        replies, covers = window.replies, [*window.covers]
        if over:  # what is left is little more than the end of one turn
            replies, covers = replies[-1:], covers[-1:]
        if lost:
            covers[-1] -= self._bytes_lost(turns, lost)
        return Window(
            tokens=window.tokens[over : over + self.longest],
            replies=tuple((begin - over, min(end - over, self.longest)) for begin, end in replies),
            covers=tuple(covers),
            prompt=window.prompt - over,
            dropped=dropped,
            cut_prompt=bool(over),
            cut_reply=bool(lost),
        )

    def _bytes_lost(self, turns: Sequence[Turn], tokens: int) -> int:
        """Bytes of the last reply that its last tokens stand for, the one that ends it included."""
        content, said = turns[-1]["content"], self.parts(turns)[-1][1]
        batch = self.reader(said, add_special_tokens=False, return_offsets_mapping=True)
        ends = [until for _, until in batch["offset_mapping"][: self._end(batch["input_ids"])]]
        kept = ends[len(ends) - tokens] - max(0, said.find(content))
        return len(content.encode()) - len(content[: max(0, kept)].encode())


def _starts(turns: Sequence[Turn]) -> list[int]:
    """Turns at which a window may begin: the first, and what a user says before the last reply."""
    end = len(turns) - has_answer(turns)
    return [0, *(n for n in range(1, end) if turns[n]["role"] == "user")]


def _without(turns: Sequence[Turn], start: int) -> list[Turn]:
    """The turns from a start on, and those of the system before it."""
    return [turn for n, turn in enumerate(turns) if n >= start or turn["role"] == "system"]
