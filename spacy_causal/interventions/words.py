"""do(z): context words replaced at random, independently of the labels."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from spacy.attrs import DEP, ENT_IOB, ENT_TYPE, LEMMA, MORPH, NORM, POS, SENT_START, TAG
from spacy.tokens import Doc
from thinc.types import Floats1d, Ints1d

COPIED = [NORM, SENT_START, TAG, POS, LEMMA, MORPH, DEP, ENT_IOB, ENT_TYPE]


def replaced_tokens(
    hashes: np.ndarray,
    words: np.ndarray,
    rates: Floats1d,
    rng: Generator,
    *,
    other_rate: float = 0.0,
) -> Ints1d:
    """Draw which tokens to intervene on.

    hashes (np.ndarray): uint64, the lower-case form of each token, shape (N,).
    words (np.ndarray): uint64, sorted, the words to intervene on, shape (Z,).
    rates (Floats1d): The probability of an intervention by word, shape (Z,).
    other_rate (float): The probability for a word that is not among them.
    RETURNS (Ints1d): Positions of the tokens drawn, ascending.
    """
    rate = np.full(len(hashes), other_rate)
    if len(words):
        at = np.minimum(np.searchsorted(words, hashes), len(words) - 1)
        rate = np.where(words[at] == hashes, np.maximum(rates[at], rate), rate)
    return np.flatnonzero(rng.random(len(hashes)) < rate)


def replace_words(doc: Doc, positions: Sequence[int], substitutes: list[str]) -> Doc:
    """A Doc of as many tokens in which those at the positions read otherwise; what else
    an encoder may read (norms, sentences, tags, entities, the tensor) is as it was;
    heads and extensions are not there."""
    words = [token.text for token in doc]
    for position, substitute in zip(positions, substitutes, strict=True):
        words[position] = substitute
    replaced = Doc(doc.vocab, words=words, spaces=[bool(t.whitespace_) for t in doc])
    values = doc.to_array(COPIED)
    values[positions, 0] = [doc.vocab[word].norm for word in substitutes]
    replaced.from_array(COPIED, values)
    replaced.tensor = doc.tensor
    return replaced
