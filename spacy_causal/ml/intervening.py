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
    rate: float = 0.5,
    substitute: Literal["mask", "confounder"] = "mask",
    mask: str = "[MASK]",
    seed: int = 0,
) -> Model:
    """Let any encoder of Docs (tok2vec or transformer) read, in training only, text in
    which confounders are replaced at random: do(z) by randomisation.

    encoder (Model[list[Doc], Any]): Is returned, its forward pass wrapped.
    rate (float): The highest probability of replacing a confounder; each word's own
        is `rate · strength`. 0 leaves training as it was.
    substitute (str): "mask" or "confounder" (a draw from P(z)).
    mask (str): The word that stands for a masked one.
    seed (int): Of the draws.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate is a probability, not {rate}.")
    if ATTR in encoder.attrs or not rate:
        return encoder
    encoder.attrs[ATTR] = {"words": [], "rates": [], "probabilities": []}
    encoder.attrs["intervention_rate"] = rate
    encoder.attrs["set_interventions"] = set_interventions
    encoder._func = partial(
        forward,
        encode=encoder._func,
        mask=mask if substitute == "mask" else None,
        rng=default_rng(seed),
    )
    return encoder


def forward(
    model: Model,
    docs: Iterable[Doc],
    is_train: bool,
    *,
    encode: Callable[..., Any],
    mask: str | None,
    rng: Generator,
) -> Any:
    """Encode the documents, in training after the intervention."""
    if is_train and model.attrs[ATTR]["words"]:
        docs = intervene(list(docs), model.attrs[ATTR], mask=mask, rng=rng)
    return encode(model, docs, is_train)


def intervene(
    docs: list[Doc], confounders: dict[str, list], *, mask: str | None, rng: Generator
) -> list[Doc]:
    """Copies of the documents with confounders replaced; the others as they are."""
    hashes = np.array([get_string_id(w) for w in confounders["words"]], dtype=np.uint64)
    order = np.argsort(hashes)
    rates = np.array(confounders["rates"])[order]
    seen = []
    for doc in docs:
        lower = doc.to_array(LOWER).astype(np.uint64)
        at = replaced_tokens(lower, hashes[order], rates, rng)
        if not len(at):
            seen.append(doc)
            continue
        drawn = (
            [mask] * len(at)
            if mask is not None
            else [
                confounders["words"][i]
                for i in rng.choice(
                    len(hashes), size=len(at), p=confounders["probabilities"]
                )
            ]
        )
        seen.append(replace_words(doc, at.tolist(), drawn))
    return seen


def set_interventions(encoder: Model, confounders: list[Confounder]) -> None:
    """Tell an intervening encoder which words to intervene on, and how often."""
    rate = encoder.attrs["intervention_rate"]
    encoder.attrs[ATTR] = {
        "words": [c.word for c in confounders],
        "rates": [rate * c.strength for c in confounders],
        "probabilities": [c.probability for c in confounders],
    }
