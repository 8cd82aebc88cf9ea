"""Augmentation while it is learnt: from labelled Docs and a trained model to more."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_causal.augment.bank import collect_entities
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.discriminator import discriminate
from spacy_causal.augment.perplexity.ngram import create_ngram_perplexity
from spacy_causal.augment.perplexity.screen import FitScreen
from spacy_causal.augment.seqmix.generate import seqmix
from spacy_causal.augment.seqmix.settings import SeqMixSettings
from spacy_causal.augment.seqmix.token_table import Source, token_table
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.learning.answers import OUTSIDE, Answer
from spacy_causal.learning.replay import Lesson
from spacy_causal.learning.settling import settle
from spacy_causal.specs import parse_spec, write_spec

Augment = Callable[[Sequence[Doc], Language, Generator], list[Doc]]
SETTINGS: dict[str, type[SeqMixSettings] | type[SwapSettings]] = {
    "seqmix": SeqMixSettings,
    "counterfactual": SwapSettings,
}


def make_augment(text: str | None, component: str) -> Augment | None:
    """An augmentation by name, "seqmix" or "counterfactual", with settings of
    `SeqMixSettings` or `SwapSettings` if need be: "seqmix:density=0.2". None of none.

    Mixed sequences are screened by an n-gram model, swaps by the trained pipeline.
    Raises ValueError for another name or setting.
    """
    if text is None:
        return None
    _, settings = _parsed(text)
    if isinstance(settings, SwapSettings):
        return create_swapping(settings)
    screen = create_ngram_perplexity()
    return create_mixing(component, settings, fit_screen=screen)


def describe_augment(text: str | None) -> str | None:
    """An augmentation with all its settings, however it was typed, so that rows tell it
    from others, also should the defaults change.

    Raises ValueError as `make_augment` does.
    """
    if text is None:
        return None
    name, settings = _parsed(text)
    return write_spec(name, asdict(settings))


def _parsed(text: str) -> tuple[str, SeqMixSettings | SwapSettings]:
    name, given = parse_spec(text)
    if name not in SETTINGS:
        known = ", ".join(SETTINGS)
        raise ValueError(f"Unknown augmentation {name!r}: one of {known}.")
    try:
        return name, SETTINGS[name](**given)
    except TypeError as error:
        raise ValueError(f"The augmentation {name!r}: {error}.") from error


def create_mixing(
    component: str,
    settings: SeqMixSettings | None = None,
    *,
    source: Source = "auto",
    fit_screen: FitScreen | None = None,
) -> Augment:
    """Sequences mixed of the labelled ones, with soft labels (SeqMix, EMNLP 2020).

    source (Source): Of the table of words, see `token_table`.
    fit_screen (FitScreen | None): Makes a screen of the labelled Docs.
    """

    def mix(labelled: Sequence[Doc], trained: Language, rng: Generator) -> list[Doc]:
        pipe: Any = trained.get_pipe(component)
        made, _ = seqmix(
            labelled,
            token_table(labelled, trained, source=source),
            layer=pipe.layer,
            tag_set=pipe.tag_set,
            settings=settings,
            screen=fit_screen and fit_screen(labelled),
            rng=rng,
        )
        return made

    return mix


def create_swapping(settings: SwapSettings) -> Augment:
    """Entities swapped for others of their type, where the model vouches for it (CFGen,
    EMNLP 2020)."""

    def swap(labelled: Sequence[Doc], trained: Language, rng: Generator) -> list[Doc]:
        attempts = counterfactuals(
            trained,
            [Example(bare_copy(doc), doc) for doc in labelled],
            collect_entities(labelled),
            settings,
            rng,
            screen=partial(discriminate, nlp=trained),
        )
        return [
            attempt.example.reference
            for attempt in attempts
            if attempt.example is not None and attempt.verdict.kept
        ]

    return swap


def annotated(source: Lesson | Doc, vocab: Vocab) -> Doc | None:
    """A text all of which is known to be, or not to be, mentions, with its entities;
    None of one of which something was refused, or never asked."""
    if isinstance(source, Doc):
        return source
    held = settle(source.answers, len(source.words))
    said = [x for x in held if isinstance(x, Answer) and x.chosen is not None]
    mentions = [x for x in dict.fromkeys(said) if x.chosen != OUTSIDE]
    if len(said) < len(held) or any(x.unit == "token" for x in mentions):
        return None
    doc = Doc(vocab, words=list(source.words), spaces=list(source.spaces))
    spans = [Span(doc, x.start, x.end, str(x.chosen)) for x in mentions]
    doc.set_ents(spans, default="outside")
    return doc
