"""Words that tell types by themselves as confounders: this project's choice."""

from collections import Counter
from collections.abc import Iterable
from functools import partial

import numpy as np
from thinc.types import Floats1d, Floats2d

from spacy_causal.confounders.frequency import has_letters, require_sizes
from spacy_causal.types import ChooseConfounders, Confounder, TypedSentence


def create_associated_confounders(
    size: int = 100,
    window: int = 3,
    min_count: int = 5,
    inside: bool = False,
    min_divergence: float = 0.2,
    saturation: float = 0.15,
) -> ChooseConfounders:
    """Choose the words whose presence near a token tells most of the token's type.

    size (int): How many at most.
    window (int): How many tokens to either side are a token's context.
    min_count (int): In how many contexts a word must stand.
    inside (bool): Whether words of the same mention count as its context.
    min_divergence (float): How far, in nats, seeing the word has to move the
        distribution of types; function words stay below.
    saturation (float): Information in nats at which a word's strength reaches 1.
    Raises ValueError for a negative size or window, and where nothing saturates.
    """
    require_sizes(size=size, window=window, min_count=min_count)
    if not saturation > 0:
        raise ValueError(f"The saturation is above 0, not {saturation!r}.")
    return partial(
        associated_confounders,
        size=size,
        window=window,
        min_count=min_count,
        inside=inside,
        min_divergence=min_divergence,
        saturation=saturation,
    )


def associated_confounders(
    sentences: Iterable[TypedSentence],
    *,
    size: int,
    window: int,
    min_count: int,
    inside: bool,
    min_divergence: float,
    saturation: float,
) -> list[Confounder]:
    """The words that tell most of types, the most telling first."""
    types: Counter[str] = Counter()
    joint: dict[str, Counter[str]] = {}
    frequency: Counter[str] = Counter()
    for sentence in sentences:
        frequency.update(sentence.words)
        for type_, context in contexts(sentence, window=window, inside=inside):
            types[type_] += 1
            for word in context:
                joint.setdefault(word, Counter())[type_] += 1
    names = sorted(types)
    words = sorted(w for w, n in joint.items() if n.total() >= min_count)
    if not words:
        return []
    present = np.array([[joint[w][t] for t in names] for w in words], dtype=float)
    totals = np.array([types[t] for t in names], dtype=float)
    information = mutual_information(present, totals)
    tells = (information > 0) & (divergence(present, totals) >= min_divergence)
    chosen = [i for i in np.argsort(-information, kind="stable") if tells[i]][:size]
    total = sum(frequency[words[i]] for i in chosen)
    return [
        Confounder(
            words[i],
            frequency[words[i]] / total,
            float(min(1.0, information[i] / saturation)),
        )
        for i in chosen
    ]


def mutual_information(present: Floats2d, totals: Floats1d) -> Floats1d:
    """I(word; type) in nats from counts, less the bias of the plug-in estimate.

    present (Floats2d): How often each word stood near each type, shape (W, T).
    totals (Floats1d): How often each type occurred at all, shape (T,).
    RETURNS (Floats1d): Σ p(w,t) log p(w,t)/(p(w)p(t)) over presence and absence,
        less (T − 1) / 2n (Miller and Madow), shape (W,); may fall below 0.
    """
    n = totals.sum()
    bias = (np.count_nonzero(totals) - 1) / (2 * n)
    return _information(present, totals, n) - bias


def divergence(present: Floats2d, totals: Floats1d) -> Floats1d:
    """KL(P(type | word) ‖ P(type)) in nats from counts, less its bias (T − 1) / 2n_w.

    present (Floats2d): As for `mutual_information`, every row with a count.
    RETURNS (Floats1d): Shape (W,); may fall below 0.
    """
    n_word = present.sum(axis=1, keepdims=True)
    given, prior = present / n_word, totals / totals.sum()
    ratio = np.divide(given, prior, out=np.ones_like(given), where=given > 0)
    bias = (np.count_nonzero(totals) - 1) / (2 * n_word[:, 0])
    return (given * np.log(ratio)).sum(axis=1) - bias


def contexts(
    sentence: TypedSentence, *, window: int, inside: bool
) -> Iterable[tuple[str, set[str]]]:
    """Each typed token's type with the words around it, itself left out."""
    mention = _mentions(sentence)
    for i, type_ in enumerate(sentence.types):
        if not type_:
            continue
        around = range(max(0, i - window), min(len(sentence.words), i + window + 1))
        yield (
            type_,
            {
                sentence.words[j]
                for j in around
                if j != i
                and (inside or mention[j] != mention[i])
                and has_letters(sentence.words[j])
            },
        )


def _mentions(sentence: TypedSentence) -> list[int]:
    """A number a token, the same for neighbours of the same type."""
    numbers = [0]
    for before, type_ in zip(sentence.types, sentence.types[1:], strict=False):
        numbers.append(numbers[-1] + (not type_ or before != type_))
    return numbers


def _information(present: Floats2d, totals: Floats1d, n: float) -> Floats1d:
    absent = totals - present
    sides = []
    for side in (present, absent):
        expected = side.sum(axis=1, keepdims=True) * totals / n
        ratio = np.divide(side, expected, out=np.ones_like(side), where=side > 0)
        sides.append((side / n * np.log(ratio)).sum(axis=1))
    return sides[0] + sides[1]
