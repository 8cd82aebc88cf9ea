"""A pipeline and annotated data, ready for a simulated session."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import spacy
from numpy.random import Generator, default_rng
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.corpus.files import read_spacy
from spacy_causal.experiments.feedback_setup import FeedbackSetup
from spacy_causal.experiments.streaming import (
    OUTSIDE,
    classes_of,
    draw_unseen,
    split_initial,
    without_classes,
)
from spacy_causal.learning.imputation import Imputer, imputer_from

LAYERS = {"ner": "causal_ner", "tag": "causal_tagger", "pos": "causal_tagger"}


@dataclass(frozen=True)
class Stage:
    """A pipeline and the data, before anything is trained.

    labelled (list[Doc]): The initial share; `initial` is the same without the classes
        that are `unseen`.
    trained (tuple[str, ...]): The pipes that are not initialised.
    """

    nlp: Language
    component: str
    labelled: list[Doc]
    initial: list[Doc]
    stream: list[Doc]
    dev: list[Doc]
    unseen: tuple[str, ...]
    imputer: Imputer | None
    trained: tuple[str, ...]

    @property
    def pipe(self) -> Any:
        """The component that learns."""
        return self.nlp.get_pipe(self.component)

    @property
    def layer(self) -> str:
        """The layer of annotation that it learns."""
        return self.pipe.layer


def set_stage(setup: FeedbackSetup, seed: int) -> Stage:
    """Build the pipeline, read the data, split it."""
    nlp, trained = _pipeline(setup)
    train = _read(setup.train, nlp)
    component = _component(nlp, setup, train)
    dev = _read(setup.dev, nlp)
    pipe: Any = nlp.get_pipe(component)
    counts = [count_classes(docs, pipe.layer) for docs in (train, dev)]
    for path, found in zip((setup.train, setup.dev), counts, strict=True):
        if not found:
            raise ValueError(f"{path} has no {pipe.layer!r} annotation.")
    classes = sorted(counts[0])
    for name in (*setup.known, *_names(setup.unseen)):
        if name not in classes:
            labels = ", ".join(classes)
            raise ValueError(f"{setup.train} has no label {name!r}: it has {labels}.")
    rng = default_rng(seed)
    unseen = _unseen(setup.unseen, counts[1], rng)
    if setup.model is not None and set(unseen) & set(pipe.labels):
        known = ", ".join(sorted(set(unseen) & set(pipe.labels)))
        raise ValueError(f"{setup.model} has the label {known}: it is not unseen.")
    for label in classes:
        pipe.add_label(label)
    labelled, stream = split_initial(train, setup.initial, rng)
    stream = stream[: setup.max_texts or None]
    initial = [without_classes(doc, pipe.layer, unseen) for doc in labelled]
    if not stream:
        raise ValueError(
            f"An initial share of {setup.initial} of the {len(train)} texts of "
            f"{setup.train} leaves none to ask about."
        )
    if not count_classes(initial, pipe.layer):
        raise ValueError(
            f"The {len(initial)} texts of the initial share have no label to begin "
            "with: make it larger, or fewer classes unseen."
        )
    imputer = None
    if setup.imputer is not None:
        imputer = imputer_from(spacy.load(setup.imputer), None, pipe.tag_set)
    data = labelled, initial, stream, dev, tuple(unseen)
    return Stage(nlp, component, *data, imputer, trained)


def count_classes(docs: Iterable[Doc], layer: str) -> Counter[str]:
    """Tokens by class."""
    found = Counter(name for doc in docs for name in classes_of(doc, layer))
    outside = ("", OUTSIDE) if layer == "ner" else ("",)
    return Counter({name: n for name, n in found.items() if name not in outside})


def _pipeline(setup: FeedbackSetup) -> tuple[Language, tuple[str, ...]]:
    """RETURNS (tuple[Language, tuple[str, ...]]): With the names of the pipes that are
    trained already."""
    if setup.model is not None:
        nlp = spacy.load(setup.model)
        return nlp, tuple(nlp.pipe_names)
    if setup.config is not None:
        config = spacy.util.load_config(setup.config)
        nlp = spacy.util.load_model_from_config(config, auto_fill=True)
        return nlp, tuple(spacy.util.get_sourced_components(config))
    return spacy.blank(setup.lang), ()


def _read(path: Any, nlp: Language) -> list[Doc]:
    docs = list(read_spacy(path, nlp.vocab))
    if not docs:
        raise ValueError(f"{path} has no texts.")
    return docs


def _component(nlp: Language, setup: FeedbackSetup, docs: Sequence[Doc]) -> str:
    """The component that learns, added to a blank pipeline by what is annotated."""
    annotated = [layer for layer in LAYERS if count_classes(docs, layer)]
    wanted = setup.component
    if not nlp.pipe_names:
        fit = [x for x in annotated if wanted in (None, LAYERS[x])]
        if not fit:
            what = wanted or "a causal_ner or a causal_tagger"
            raise ValueError(f"{setup.train} has no annotation for {what}.")
        config = {} if fit[0] == "ner" else {"attribute": fit[0]}
        nlp.add_pipe(LAYERS[fit[0]], config=config)
        return LAYERS[fit[0]]
    learn = {
        name: nlp.get_pipe(name).layer  # type: ignore[attr-defined]
        for name in nlp.pipe_names
        if nlp.get_pipe_meta(name).factory in LAYERS.values()
    }
    if not learn or wanted not in (None, *learn):
        raise ValueError(
            f"The pipeline has no {wanted or 'causal_ner or causal_tagger'} that "
            f"learns from feedback: it has {', '.join(nlp.pipe_names)}."
        )
    for name, layer in learn.items():
        if wanted in (None, name) and layer in annotated:
            return name
    layers = " or ".join(sorted({learn[wanted]} if wanted else {*learn.values()}))
    raise ValueError(f"{setup.train} has no {layers!r} annotation.")


def _names(unseen: Sequence[str] | float) -> Sequence[str]:
    return () if isinstance(unseen, float) else unseen


def _unseen(
    wanted: Sequence[str] | float, counts: Counter[str], rng: Generator
) -> list[str]:
    if isinstance(wanted, float):
        return draw_unseen(counts, wanted, rng)
    return sorted(wanted)
