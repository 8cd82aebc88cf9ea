"""A pipeline and annotated data, ready for a simulated session."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import spacy
from numpy.random import Generator, default_rng
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.experiments.feedback_setup import FeedbackSetup
from spacy_causal.experiments.pipelines import (
    count_classes,
    find_component,
    make_pipeline,
    read_docs,
    require_same_labels,
)
from spacy_causal.experiments.streaming import (
    draw_unseen,
    split_initial,
    without_classes,
)
from spacy_causal.learning.imputation import Imputer, imputer_from


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
    nlp, trained = make_pipeline(
        model=setup.model, config=setup.config, lang=setup.lang
    )
    train = read_docs(setup.train, nlp.vocab)
    component = find_component(nlp, train, setup.train, setup.component)
    dev = read_docs(setup.dev, nlp.vocab)
    pipe: Any = nlp.get_pipe(component)
    counts = [count_classes(docs, pipe.layer) for docs in (train, dev)]
    for path, found in zip((setup.train, setup.dev), counts, strict=True):
        if not found:
            raise ValueError(f"{path} has no {pipe.layer!r} annotation.")
    learnt, scored = counts
    labels = {*learnt, *pipe.labels}
    require_same_labels(labels, scored, pipe.layer, (setup.train, setup.dev))
    classes = sorted(learnt)
    for name in (*setup.known, *_names(setup.unseen)):
        if name not in classes:
            has = ", ".join(classes)
            raise ValueError(f"{setup.train} has no label {name!r}: it has {has}.")
    rng = default_rng(seed)
    unseen = _unseen(setup.unseen, scored, rng)
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


def _names(unseen: Sequence[str] | float) -> Sequence[str]:
    return () if isinstance(unseen, float) else unseen


def _unseen(
    wanted: Sequence[str] | float, counts: Counter[str], rng: Generator
) -> list[str]:
    if isinstance(wanted, float):
        return draw_unseen(counts, wanted, rng)
    return sorted(wanted)
