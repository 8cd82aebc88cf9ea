"""Which answers hold where several touch the same tokens."""

from collections.abc import Sequence

from spacy_causal.learning.answers import Answer

Refused = frozenset[str]
Held = Answer | Refused | None


def settle(
    answers: Sequence[Answer], n_tokens: int
) -> list[tuple[slice, Answer | Refused]]:
    """What holds in the end: spans that were confirmed, tokens with the types refused.

    A later answer replaces an earlier one at its tokens, but refusals add up. What
    remains of a confirmed mention that a later answer cuts is unknown; a later answer
    at one of its tokens that names the same type leaves it whole.
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
            if answer.chosen is None:
                earlier = before if isinstance(before, frozenset) else frozenset()
                _cut(held, before)
                held[i] = earlier | frozenset(answer.shown)
            elif not _goes_with(answer, before):
                _cut(held, before)
                held[i] = answer
    return _runs(held)


def _goes_with(answer: Answer, before: Held) -> bool:
    return (
        isinstance(before, Answer)
        and (answer.unit, before.unit) == ("token", "mention")
        and answer.chosen == before.chosen
    )


def _cut(held: list[Held], before: Held) -> None:
    if isinstance(before, Answer):
        for i in range(before.start, before.end):
            if held[i] is before:
                held[i] = None


def _runs(held: Sequence[Held]) -> list[tuple[slice, Answer | Refused]]:
    runs: list[tuple[slice, Answer | Refused]] = []
    for i, given in enumerate(held):
        if isinstance(given, Answer) and given.start == i:
            runs.append((slice(i, given.end), given))
        elif isinstance(given, frozenset):
            runs.append((slice(i, i + 1), given))
    return runs
