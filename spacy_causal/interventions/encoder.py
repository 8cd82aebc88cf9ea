"""An encoder that reads interventions on its confounders while it is trained."""

from collections.abc import Callable, Collection, Iterable
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
MASK = "[MASK]"


def build_intervening_encoder(
    encoder: Model,
    rate: float = 0.05,
    other_rate: float = 0.0,
    substitute: Literal["mask", "confounder"] = "confounder",
    mask: str | None = None,
    seed: int = 0,
) -> Model:
    """Let any encoder of Docs (tok2vec or transformer) read, in training only, text in
    which confounders are replaced at random: do(z) by randomisation.

    encoder (Model[list[Doc], Any]): Is returned, its forward pass wrapped.
    rate (float): The highest probability of replacing a confounder; each word's own
        is `rate · strength`.
    other_rate (float): The probability of replacing any other word. With both at 0
        training is left as it was.
    substitute (str): What stands for a confounder: "confounder" (a draw from P(z)) or
        "mask". Other words are always masked.
    mask (str | None): The word that stands for a masked one; by default what a
        transformer's tokenizer calls so, and "[MASK]" where there is none.
    seed (int): Of the draws.
    Raises ValueError for a rate that is none, and for a listener, which reads nothing
        itself: the component that it listens to is what may intervene.
    """
    if hasattr(encoder, "upstream_name"):
        raise ValueError(
            f"{encoder.name!r} listens to another component, whose encoder is what "
            "InterveningEncoder goes around."
        )
    for value in (rate, other_rate):
        if not 0 <= value <= 1:
            raise ValueError(f"A rate is a probability, not {value}.")
    if ATTR in encoder.attrs or not (rate or other_rate):
        return encoder
    encoder.attrs[ATTR] = {"words": [], "strengths": [], "probabilities": []}
    encoder.attrs["set_interventions"] = set_interventions
    if "replace_listener_cfg" in encoder.attrs:
        own = encoder.attrs["replace_listener_cfg"]
        encoder.attrs["replace_listener_cfg"] = partial(_replaced_within, replaced=own)
    encoder._func = partial(
        forward,
        encode=encoder._func,
        rate=rate,
        other_rate=other_rate,
        mask=mask,
        draw=substitute == "confounder",
        rng=default_rng(seed),
    )
    return encoder


def _replaced_within(
    config: dict[str, Any],
    listener: dict[str, Any],
    *,
    replaced: Callable[..., dict[str, Any]],
) -> dict[str, Any]:
    """The config of an encoder that takes its listener's place, for
    `nlp.replace_listeners`: what transformers do of theirs is done within."""
    if "encoder" not in config:
        return replaced(config, listener)
    return {**config, "encoder": replaced(config["encoder"], listener)}


def forward(
    model: Model,
    docs: Iterable[Doc],
    is_train: bool,
    *,
    encode: Callable[..., Any],
    mask: str | None,
    **settings: Any,
) -> Any:
    """Encode the documents, in training after the intervention."""
    if is_train:
        word = mask or mask_of(model)
        docs = intervene(list(docs), model.attrs[ATTR], mask=word, **settings)
    return encode(model, docs, is_train)


def mask_of(encoder: Model) -> str:
    """What the tokenizer of a transformer writes for a masked word, if it has one."""
    tokenizer = getattr(encoder, "tokenizer", None)
    return getattr(tokenizer, "mask_token", None) or MASK


def intervene(
    docs: list[Doc],
    confounders: dict[str, list],
    *,
    rate: float,
    other_rate: float,
    mask: str,
    draw: bool,
    rng: Generator,
) -> list[Doc]:
    """Copies of the documents with words replaced; a document without is itself."""
    words, probabilities = confounders["words"], confounders["probabilities"]
    hashes = np.array([get_string_id(word) for word in words], dtype=np.uint64)
    order = np.argsort(hashes)
    rates = rate * np.array(confounders["strengths"])[order]
    read = []
    for doc in docs:
        lower = doc.to_array(LOWER).astype(np.uint64)
        at = replaced_tokens(lower, hashes[order], rates, rng, other_rate=other_rate)
        substitutes = [mask] * len(at)
        for i in np.flatnonzero(np.isin(lower[at], hashes)) if draw else ():
            substitutes[i] = words[rng.choice(len(words), p=probabilities)]
        read.append(replace_words(doc, at.tolist(), substitutes) if len(at) else doc)
    return read


def set_interventions(
    encoder: Model,
    reader: str,
    confounders: list[Confounder],
    readers: Collection[str] | None = None,
) -> None:
    """Tell an intervening encoder which words one of its readers finds confounding.

    A word that several components find so keeps its highest strength.

    reader (str): The component's name; what it said before is replaced.
    readers (Collection[str] | None): The components that there are: what any other one
        said, in the pipeline that the encoder was trained in, is dropped.
    """
    told = {**encoder.attrs[ATTR].get("told", {}), reader: confounders}
    if readers is not None:
        told = {name: told[name] for name in told if name in readers}
    strongest: dict[str, Confounder] = {}
    for confounder in (Confounder(*c) for name in sorted(told) for c in told[name]):
        other = strongest.get(confounder.word)
        if other is None or confounder.strength > other.strength:
            strongest[confounder.word] = confounder
    total = sum(c.probability for c in strongest.values())
    encoder.attrs[ATTR] = {
        "told": {name: [list(c) for c in told[name]] for name in told},
        "words": list(strongest),
        "strengths": [c.strength for c in strongest.values()],
        "probabilities": [c.probability / total for c in strongest.values()],
    }
