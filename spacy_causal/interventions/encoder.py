"""An encoder that reads interventions on its confounders while it is trained."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.random import Generator, default_rng
from spacy.attrs import LOWER
from spacy.strings import get_string_id
from spacy.tokens import Doc
from thinc.api import Model

from spacy_causal.interventions.words import replace_words, replaced_tokens
from spacy_causal.types import Confounder

ATTR = "intervene_on"


def build_intervening_encoder(
    encoder: Model,
    rate: float = 0.3,
    other_rate: float = 0.0,
    substitute: Literal["mask", "confounder"] = "mask",
    mask: str = "[MASK]",
    seed: int = 0,
) -> Model:
    """Let any encoder of Docs (tok2vec or transformer) read, in training only, text in
    which confounders are replaced at random: do(z) by randomisation.

    encoder (Model[list[Doc], Any]): Is returned, its forward pass wrapped.
    rate (float): The highest probability of replacing a confounder; each word's own
        is `rate · strength`.
    other_rate (float): The probability of replacing any other word. With both at 0
        training is left as it was.
    substitute (str): "mask" or "confounder" (a draw from P(z)).
    mask (str): The word that stands for a masked one.
    seed (int): Of the draws.
    """
    for value in (rate, other_rate):
        if not 0 <= value <= 1:
            raise ValueError(f"A rate is a probability, not {value}.")
    if ATTR in encoder.attrs or not (rate or other_rate):
        return encoder
    encoder.attrs[ATTR] = {"words": [], "rates": [], "probabilities": []}
    encoder.attrs["intervention_rate"] = rate
    encoder.attrs["set_interventions"] = set_interventions
    encoder._func = partial(
        forward,
        encode=encoder._func,
        other_rate=other_rate,
        mask=mask,
        draw=substitute == "confounder",
        rng=default_rng(seed),
    )
    return encoder


def forward(
    model: Model,
    docs: Iterable[Doc],
    is_train: bool,
    *,
    encode: Callable[..., Any],
    **settings: Any,
) -> Any:
    """Encode the documents, in training after the intervention."""
    if is_train:
        docs = intervene(list(docs), model.attrs[ATTR], **settings)
    return encode(model, docs, is_train)


def intervene(
    docs: list[Doc],
    confounders: dict[str, list],
    *,
    other_rate: float,
    mask: str,
    draw: bool,
    rng: Generator,
) -> list[Doc]:
    """Copies of the documents with words replaced; a document without is itself."""
    words, probabilities = confounders["words"], confounders["probabilities"]
    hashes = np.array([get_string_id(word) for word in words], dtype=np.uint64)
    order = np.argsort(hashes)
    rates = np.array(confounders["rates"])[order]
    read = []
    for doc in docs:
        lower = doc.to_array(LOWER).astype(np.uint64)
        at = replaced_tokens(lower, hashes[order], rates, rng, other_rate=other_rate)
        substitutes = [mask] * len(at)
        if draw and words and len(at):
            drawn = rng.choice(len(words), size=len(at), p=probabilities)
            substitutes = [words[i] for i in drawn]
        read.append(replace_words(doc, at.tolist(), substitutes) if len(at) else doc)
    return read


def set_interventions(encoder: Model, confounders: list[Confounder]) -> None:
    """Tell an intervening encoder which words to intervene on, and how often."""
    rate = encoder.attrs["intervention_rate"]
    encoder.attrs[ATTR] = {
        "words": [c.word for c in confounders],
        "rates": [rate * c.strength for c in confounders],
        "probabilities": [c.probability for c in confounders],
    }
