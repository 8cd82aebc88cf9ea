"""How uncertain a sequence of tags is: each measure, the higher the less sure."""

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d

from spacy_causal.numeric import entropy


def least_confidence(best: Floats1d) -> Floats1d:
    """1 − P(y*|x), SeqMix (EMNLP 2020), eq. 1.

    best (Floats1d): log P of each document's best sequence, shape (n,).
    """
    return -np.expm1(best)


def token_least_confidence(probabilities: Floats2d) -> float:
    """Σ_t (1 − max_m p_tm), SeqMix, eq. 2: LC'. *Shape:* (T, M)."""
    return float((1 - probabilities.max(axis=1, initial=0)).sum())


def normalised_log_probability(best: Floats1d, lengths: Ints1d) -> Floats1d:
    """−(1/n) log P(y*|x): MNLP, W-BADGE, eq. 1, negated. 0 for no tokens.

    best (Floats1d): log P of each document's best sequence, shape (n,).
    """
    return -best / np.maximum(lengths, 1)


def normalised_token_entropy(probabilities: Floats2d) -> float:
    """−(1/T) Σ_t Σ_m p_tm log p_tm in nats, SeqMix, eq. 3. *Shape:* (T, M)."""
    return float(entropy(probabilities).sum()) / max(len(probabilities), 1)


def vote_entropy(votes: Ints2d) -> float:
    """−(1/T) Σ_t Σ_m (V_m/C) log (V_m/C) in nats, SeqMix, eq. 4: V_m of C models say m.

    votes (Ints2d): Tags, shape (C, T). A unanimous committee has 0.
    """
    if not votes.size:
        return 0.0
    shares = vote_counts(votes) / len(votes)
    return float(entropy(shares).mean())


def sequence_disagreement(samples: Ints2d) -> float:
    """1 − count(mode(ỹ¹, ..., ỹ^S)) / S over whole sequences: BALD, W-BADGE, eq. 2, of
    which the *highest* is wanted (the paper prints argmin).

    samples (Ints2d): Tags of each pass with dropout, shape (S, T).
    """
    if not samples.size:
        return 0.0
    _, counts = np.unique(samples, axis=0, return_counts=True)
    return 1 - float(counts.max()) / len(samples)


def token_disagreement(samples: Ints2d) -> float:
    """The same at each token, averaged: longer sequences are not preferred."""
    if not samples.size:
        return 0.0
    return 1 - float(vote_counts(samples).max(axis=1).mean()) / len(samples)


def mutual_information(mean: Floats2d, mean_entropy: Floats1d) -> Floats1d:
    """I(y; θ) = H(mean_s p_s) − mean_s H(p_s), in nats: BALD of Houlsby et al. (2011).

    mean (Floats2d): The passes' mean probabilities, shape (T, M).
    mean_entropy (Floats1d): The mean entropy of a pass, shape (T,). RETURNS: (T,).
    """
    return np.maximum(entropy(mean) - mean_entropy, 0)


def vote_counts(votes: Ints2d) -> Ints2d:
    """How many of C voters say each tag at each token, shape (T, M)."""
    counts = np.zeros((votes.shape[1], int(votes.max()) + 1), dtype=np.int64)
    np.add.at(counts, (np.arange(votes.shape[1]), votes), 1)
    return counts
