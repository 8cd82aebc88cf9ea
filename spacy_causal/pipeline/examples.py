"""Examples read as rows of targets and as typed sentences."""

from collections.abc import Sequence

import numpy as np
from spacy.tokens import Doc
from spacy.training import Example
from thinc.types import Floats2d

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.tags.scheme import TagSet
from spacy_causal.targets.align import align_labels, project_rows
from spacy_causal.targets.gold import gold_tags, one_hot, same_tokens
from spacy_causal.targets.token_targets import TokenTargets, get_targets, set_targets
from spacy_causal.types import TypedSentence

NOT_A_LABEL = (
    "The label {label!r} is not one of the component's. Add it with add_label(); for "
    "`spacy train` to the labels of the component's [initialize] block, if it has any, "
    "or to the pipeline that the component is sourced from, and save that. "
    "Document: {text!r}"
)


def target_rows(examples: Sequence[Example], layer: str, tag_set: TagSet) -> Floats2d:
    """The targets of the predicted tokens of a batch, shape (N, M).

    Where a reference Doc carries token targets, they count and its annotation is not
    read; otherwise its annotation counts. Both are moved to the predicted tokens in the
    same way.
    Raises ValueError for a label that the component does not have.
    """
    carried = [get_targets(eg.reference, layer) for eg in examples]
    annotated = [
        eg.reference
        for eg, targets in zip(examples, carried, strict=True)
        if targets is None
    ]
    gold = iter(_gold_rows(annotated, layer, tag_set))
    rows = []
    for example, targets in zip(examples, carried, strict=True):
        if targets is None:
            of_reference = next(gold)
        else:
            of_reference = align_labels(_in_scheme(targets, tag_set), tag_set.names)
        if not same_tokens(example.predicted, example.reference):
            of_reference = _project(example, of_reference, tag_set)
        rows.append(of_reference)
    return np.concatenate(rows)


def typed_sentence(doc: Doc, layer: str) -> TypedSentence:
    """A reference Doc's words with the types that its annotation or hard targets
    give them."""
    words = [token.lower_ for token in doc]
    targets = get_targets(doc, layer)
    if targets is not None:
        tag_set = _tag_names(targets.labels, layer)
        best = targets.rows.argmax(axis=1)
        sure = targets.rows.max(axis=1, initial=0) > 0.5
        return TypedSentence(
            words, [tag_set[b] if s else None for b, s in zip(best, sure, strict=True)]
        )
    if layer == "ner":
        return TypedSentence(
            words, [token.ent_type_ if token.ent_iob else None for token in doc]
        )
    return TypedSentence(words, [getattr(token, f"{layer}_") or None for token in doc])


def soft_examples(
    docs: Sequence[Doc], rows: Floats2d, layer: str, tag_set: TagSet
) -> list[Example]:
    """Docs with what a model says of their tokens as targets.

    rows (Floats2d): Shape (N, M) for their N tokens. A model that had fewer tags says
        nothing about those that came later.
    """
    examples, start = [], 0
    for doc in docs:
        said = rows[start : start + len(doc)]
        start += len(doc)
        part = np.zeros((len(doc), len(tag_set)), dtype=np.float32)
        part[:, : said.shape[1]] = said
        reference = bare_copy(doc)
        set_targets(reference, layer, TokenTargets(tag_set.scheme, tag_set.names, part))
        examples.append(Example(doc, reference))
    return examples


def _gold_rows(docs: Sequence[Doc], layer: str, tag_set: TagSet) -> list[Floats2d]:
    """One-hot rows of what each Doc is annotated with."""
    tags = gold_tags(docs, layer, tag_set.labels, tag_set.scheme, refusal=NOT_A_LABEL)
    lengths = [len(doc) for doc in docs]
    return np.split(one_hot(tags, len(tag_set)), np.cumsum(lengths)[:-1])


def _in_scheme(targets: TokenTargets, tag_set: TagSet) -> TokenTargets:
    if targets.scheme != tag_set.scheme:
        raise ValueError(
            f"Token targets are spelled in the scheme {targets.scheme!r}, the "
            f"component in {tag_set.scheme!r}: a tag means another thing there."
        )
    return targets


def _tag_names(labels: Sequence[str], layer: str) -> list[str]:
    if layer != "ner":
        return list(labels)
    return ["" if name == "O" else name.partition("-")[2] for name in labels]


def _project(example: Example, rows: Floats2d, tag_set: TagSet) -> Floats2d:
    x2y = example.alignment.x2y
    references = [np.asarray(x2y[i]) for i in range(len(example.predicted))]
    return project_rows(rows, references, tag_set.split, tag_set.types)
