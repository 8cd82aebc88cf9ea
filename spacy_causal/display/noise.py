"""The instrument ε: what it is drawn from, and how far it may move the logits."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.random import Generator, Philox
from thinc.types import Floats1d, Floats2d

from spacy_causal.display.information import document_means

Modulation = Literal["none", "printed", "positive", "rescaled", "fixed", "spread"]

# Below this I(Z; E) is the rounding of a zero.
_NO_INFORMATION = 1e-6


def noise_key(document: bytes, *, seed: int, round: int, purpose: str) -> bytes:
    """A key of 128 bits that depends on nothing else: not on the batch, the process or
    what was drawn before.

    document (bytes): The document's words, in any fixed form.
    purpose (str): Keeps apart what is drawn for different ends.
    """
    prefix = f"{purpose}:{seed}:{round}:".encode()
    return hashlib.blake2b(prefix + document, digest_size=16).digest()


def keyed_rng(key: bytes) -> Generator:
    """A counter-based generator at the start of its key's stream."""
    return Generator(Philox(key=np.frombuffer(key, dtype=np.uint64)))


def keyed_noise(
    keys: Sequence[bytes],
    counts: Sequence[int],
    width: int,
    *,
    uniform: bool = False,
) -> Floats2d:
    """ε ~ N(0, 1), each document's from its own key.

    counts (Sequence[int]): Rows per document; they sum to U.
    uniform (bool): Draw from [0, 1) instead.
    RETURNS (Floats2d): float32, shape (U, width).
    """
    noise = np.empty((sum(counts), width), dtype=np.float32)
    # Setting the key of one generator takes a fifth of the time of making another.
    source = Philox(key=0)
    rng, fresh, start = Generator(source), source.state, 0
    draw: Callable[..., object] = rng.random if uniform else rng.standard_normal
    for key, count in zip(keys, counts, strict=True):
        fresh["state"]["key"] = np.frombuffer(key, dtype=np.uint64)
        source.state = fresh
        draw(out=noise[start : start + count], dtype=np.float32)
        start += count
    return noise


def noise_scale(
    gain: Floats1d | None,
    lengths: Sequence[int],
    *,
    modulation: Modulation,
    size: float,
) -> Floats1d:
    """What ε is multiplied by at each token.

    gain (Floats1d | None): I(Z; E), shape (N,), or None where a head has no attention.
    lengths (Sequence[int]): Tokens per document; they sum to N.
    modulation (str): "none" is 0; "printed" is I as in CITISL, section 4.2, negative
        or not; "positive" is max(I, 0); "fixed" is `size`; "rescaled" is I with a mean
        absolute value of `size` over the document, or `size` where I says nothing (it
        is 0 throughout, as in a document of one token, or there is no attention).
        "spread" depends on more than tokens: see `spread_scale`.
    size (float): For "rescaled" and "fixed", in nats.
    RETURNS (Floats1d): float32, shape (N,).
    """
    if modulation == "spread":
        raise ValueError('"spread" depends on the labels\' logits: use spread_scale.')
    if gain is None and any(lengths) and modulation in ("printed", "positive"):
        raise ValueError(
            f'The modulation "{modulation}" needs a head that attends to confounders: '
            'use the modulation "fixed", "rescaled" or "spread", or the architecture '
            'spacy-causal.DeconfoundedTagger.v1 with adjustment = "approximate" and '
            "data in which confounders are found."
        )
    if modulation == "none":
        return np.zeros(sum(lengths), dtype=np.float32)
    if modulation == "fixed" or gain is None:
        return np.full(sum(lengths), size, dtype=np.float32)
    if modulation == "rescaled":
        spread = document_means(abs(gain), lengths)
        flat = spread < _NO_INFORMATION
        return np.where(flat, size, size * gain / np.where(flat, 1, spread)).astype("f")
    return (gain if modulation == "printed" else np.maximum(gain, 0)).astype("f")


def spread_scale(type_logits: Floats2d, size: float) -> Floats1d:
    """`size` standard deviations of the logits of each of U tokens or mentions: as much
    noise as labels differ, whatever the scale of the logits.

    type_logits (Floats2d): Shape (U, T). RETURNS (Floats1d): float32, shape (U,).
    """
    if not type_logits.shape[1]:
        return np.zeros(len(type_logits), dtype=np.float32)
    return (size * type_logits.std(axis=1)).astype("f")
