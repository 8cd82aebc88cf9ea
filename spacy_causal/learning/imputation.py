"""Imputation models σ: what another trained pipeline says of each token."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from thinc.types import Floats2d

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.learning.reading import memory_zone, probabilities_of, read_upstream
from spacy_causal.numeric import softmax
from spacy_causal.tags.scheme import TagSet, tags_of_spans

Imputer = Callable[[Sequence[Doc]], list[Floats2d]]
SPANS = ("causal_ner", "ner")
TOKENS = ("causal_tagger", "tagger")


def imputer_from(
    nlp: Language,
    component: str | None,
    tag_set: TagSet,
    *,
    smoothing: float = 0.1,
) -> Imputer:
    """An imputation model (CITISL, Findings of EMNLP 2022, eq. 3) from any trained
    pipeline; labels are matched by name.

    The pipeline reads bare copies of the Docs in its own vocabulary. A label that it
    lacks gets no mass; a token at which all it says is about labels that `tag_set`
    lacks gets an equal share for each tag, since it rules nothing in or out.

    component (str | None): A `causal_ner`, `causal_tagger`, `tagger` or `ner`;
        None takes the first that fits the scheme.
    tag_set (TagSet): The tags of the component that learns: the columns of the rows.
    smoothing (float): spaCy's `ner` gives spans and no probabilities: its tag gets
        1 − smoothing, and all tags share the rest.
    RETURNS (Imputer): From Docs to rows of shape (n, M), one array a Doc.
    """
    name = component or _fitting(nlp, tag_set)
    factory = nlp.get_pipe_meta(name).factory
    if factory not in SPANS + TOKENS:
        raise ValueError(
            f"{name!r} is a {factory!r}: an imputation model is one of "
            f"{', '.join(SPANS + TOKENS)}."
        )
    if factory.startswith("causal"):
        _same_scheme(nlp.get_pipe(name), name, tag_set)
        said = partial(_of_labeller, nlp, name, tag_set)
    elif (factory in TOKENS) != (tag_set.scheme == "token"):
        raise ValueError(f"{name!r} gives no tags in the scheme {tag_set.scheme!r}.")
    elif factory == "tagger":
        said = partial(_of_tagger, nlp, name, tag_set)
    else:
        said = partial(_of_ner, nlp, name, tag_set, smoothing)
    return partial(_impute, nlp, said)


def rows_by_name(
    rows: Floats2d, labels: Sequence[str], names: Sequence[str]
) -> Floats2d:
    """Distributions over `labels` as distributions over `names`.

    Mass on labels that are not among the names is left out and the rest renormalised;
    where nothing is left the row is uniform.

    rows (Floats2d): Shape (n, len(labels)).
    RETURNS (Floats2d): Shape (n, len(names)).
    """
    column = {name: i for i, name in enumerate(names)}
    known = [i for i, label in enumerate(labels) if label in column]
    aligned = np.zeros((len(rows), len(names)), dtype=np.float32)
    aligned[:, [column[labels[i]] for i in known]] = np.asarray(rows)[:, known]
    aligned[aligned.sum(axis=1) < 1e-6] = 1
    return aligned / aligned.sum(axis=1, keepdims=True)


def smoothed_tags(
    tags: Sequence[str], names: Sequence[str], *, smoothing: float
) -> Floats2d:
    """Hard tags as distributions; a tag that is not among the names is uniform.

    RETURNS (Floats2d): Shape (len(tags), len(names)).
    """
    index = {name: i for i, name in enumerate(names)}
    rows = np.full((len(tags), len(names)), smoothing / len(names), dtype=np.float32)
    for row, tag in zip(rows, tags, strict=True):
        if tag in index:
            row[index[tag]] += 1 - smoothing
        else:
            row[:] = 1 / len(names)
    return rows


def _impute(
    nlp: Language,
    said: Callable[[list[Doc]], list[Floats2d]],
    docs: Sequence[Doc],
) -> list[Floats2d]:
    with memory_zone(nlp):
        return said([bare_copy(doc, nlp.vocab) for doc in docs])


def _of_labeller(
    nlp: Language, name: str, tag_set: TagSet, docs: list[Doc]
) -> list[Floats2d]:
    pipe: Any = nlp.get_pipe(name)
    said = probabilities_of(nlp, name, docs)
    return [rows_by_name(rows, pipe.tag_set.names, tag_set.names) for rows in said]


def _of_tagger(
    nlp: Language, name: str, tag_set: TagSet, docs: list[Doc]
) -> list[Floats2d]:
    pipe: Any = nlp.get_pipe(name)
    read = [doc for doc in read_upstream(nlp, name, docs) if len(doc)]
    said = iter(pipe.model.predict(read) if read else ())
    normalised = pipe.model.get_ref("softmax").attrs["softmax_normalize"]
    rows = []
    for doc in docs:
        scores = next(said) if len(doc) else np.zeros((0, len(pipe.labels)))
        scores = scores if normalised else softmax(scores)
        scores = pipe.model.ops.to_numpy(scores)
        rows.append(rows_by_name(scores, pipe.labels, tag_set.names))
    return rows


def _of_ner(
    nlp: Language, name: str, tag_set: TagSet, smoothing: float, docs: list[Doc]
) -> list[Floats2d]:
    pipe: Any = nlp.get_pipe(name)
    rows = []
    for doc in pipe.pipe(read_upstream(nlp, name, docs)):
        spans = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
        tags = tags_of_spans(tag_set, spans, len(doc))
        rows.append(smoothed_tags(tags, tag_set.names, smoothing=smoothing))
    return rows


def _fitting(nlp: Language, tag_set: TagSet) -> str:
    factories = TOKENS if tag_set.scheme == "token" else SPANS
    for factory in factories:
        for name in nlp.pipe_names:
            if nlp.get_pipe_meta(name).factory == factory:
                return name
    raise ValueError(
        f"The imputation model has no {' or '.join(factories)}: it has "
        f"{', '.join(nlp.pipe_names) or 'no pipes'}."
    )


def _same_scheme(pipe: Any, name: str, tag_set: TagSet) -> None:
    if pipe.scheme != tag_set.scheme:
        raise ValueError(
            f"The imputation model's {name!r} spells tags in the scheme "
            f"{pipe.scheme!r}, the component in {tag_set.scheme!r}."
        )
