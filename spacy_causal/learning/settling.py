"""Which answers hold where several touch the same tokens."""

from collections.abc import Sequence

from spacy_causal.learning.answers import Answer

Refused = frozenset[str]
Held = Answer | Refused | None


def settle(answers: Sequence[Answer], n_tokens: int) -> list[Held]:
    """What holds of each token in the end: the answer that confirmed it, the types that
    were refused, or None.

    A later answer replaces an earlier one at its tokens, with three exceptions.
    Refusals add up; a refusal of other types leaves a confirmed type as it is; and an
    answer about one token of a confirmed mention that names the same type leaves the
    mention whole. If a later answer cuts a confirmed mention, the rest of it becomes
    unknown.
    Raises ValueError for an answer beyond the last token.
    """
    held: list[Held] = [None] * n_tokens
    for answer in answers:
        if answer.end > n_tokens:
            raise ValueError(
                f"An answer about tokens {answer.start}:{answer.end} of "
                f"{answer.doc[:60]!r}, which has {n_tokens}."
            )
        for i in range(answer.start, answer.end):
            before = held[i]
            if _goes_with(answer, before):
                continue
            _cut(held, before)
            if answer.chosen is None:
                earlier = before if isinstance(before, frozenset) else frozenset()
                held[i] = earlier | frozenset(answer.shown)
            else:
                held[i] = answer
    return held


def joined(held: Sequence[Held], i: int, label: str) -> tuple[bool, bool]:
    """Whether the token before `i`, and the one after, was said to bear the same type,
    each by an answer of its own."""

    def same(beside: Held) -> bool:
        of_token = isinstance(beside, Answer) and beside.unit == "token"
        return of_token and beside.chosen == label  # type: ignore[union-attr]

    before = i > 0 and same(held[i - 1])
    return before, i < len(held) - 1 and same(held[i + 1])


def borders(held: Sequence[Held], i: int, label: str) -> tuple[bool, bool]:
    """Whether a mention of a type that has token `i` surely begins, and ends, there:
    the text does, or the token beside it is of another mention or not of that type."""
    before = i == 0 or _apart(held[i - 1], label)
    return before, i == len(held) - 1 or _apart(held[i + 1], label)


def _apart(beside: Held, label: str) -> bool:
    if isinstance(beside, Answer):
        return beside.unit == "mention" or beside.chosen != label
    return beside is not None and label in beside


def _goes_with(answer: Answer, before: Held) -> bool:
    if not isinstance(before, Answer):
        return False
    if answer.chosen is None:
        return before.chosen not in answer.shown
    units = (answer.unit, before.unit)
    return units == ("token", "mention") and answer.chosen == before.chosen


def _cut(held: list[Held], before: Held) -> None:
    if isinstance(before, Answer):
        for i in range(before.start, before.end):
            if held[i] is before:
                held[i] = None
