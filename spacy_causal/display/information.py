"""How much a token's embedding says about the confounders."""

from collections.abc import Sequence

import numpy as np
from thinc.types import Floats1d, Floats2d

from spacy_causal.numeric import entropy


def information_gain(attention: Floats2d, lengths: Sequence[int]) -> Floats1d:
    """I(Z; E) at each token, which is negative where the attention is flatter than in
    the rest of the document, and 0 in a document of one token.

    CITISL (Findings of EMNLP 2022), section 4.2: I(Z; E) = H(Z) − H(Z|E) ≈
    (1/N Σ_i H(Z|x_i)) − H(Z|x_i), H(Z|x_i) = −Σ_j α_i(z_j) log α_i(z_j), in nats.

    attention (Floats2d): α_i(z_j), shape (N, Z).
    lengths (Sequence[int]): Tokens per document; they sum to N.
    RETURNS (Floats1d): Shape (N,).
    """
    of_token = entropy(attention)
    return (document_means(of_token, lengths) - of_token).astype(attention.dtype)


def document_means(values: Floats1d, lengths: Sequence[int]) -> Floats1d:
    """Each token's document's mean, shape (N,), in float64."""
    document = np.repeat(np.arange(len(lengths)), lengths)
    sums = np.bincount(document, weights=values, minlength=len(lengths))
    return (sums / np.maximum(lengths, 1))[document]
