"""A mixed Doc built of a parent's tokens and a mixed window."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.attrs import LEMMA, MORPH, POS, SENT_START, TAG
from spacy.tokens import Doc, Span
from thinc.types import Floats2d

from spacy_causal.augment.seqmix.mixing import harden, spans_in
from spacy_causal.augment.seqmix.pairing import Window
from spacy_causal.augment.seqmix.parents import Parent
from spacy_causal.augment.seqmix.surface import capital, spaces_between
from spacy_causal.tags.scheme import TagSet
from spacy_causal.targets.token_targets import (
    TokenTargets,
    get_targets,
    register_extension,
    set_targets,
)

_KEPT = {SENT_START: "", TAG: "tag", POS: "pos", MORPH: "", LEMMA: ""}


def build_mix(
    parent: Parent,
    window: Window,
    words: Sequence[str],
    rows: Floats2d,
    *,
    layer: str,
    tag_set: TagSet,
    hardened: bool,
) -> Doc:
    """A new reference Doc: x − x_sub + x̃_sub and y − y_sub + ỹ_sub.

    SeqMix (EMNLP 2020), algorithm 2. Other tokens keep tags, lemmas, entities and
    targets of other layers; in the window these are missing. Heads, span groups,
    categories and extensions are not taken over: they hold of the parent's text.

    words (Sequence[str]): The mixed ones.
    rows (Floats2d): Their soft labels, shape (s, M).
    hardened (bool): Annotate the larger labels instead of carrying targets.
    """
    start, end, source = window.start, window.end, parent.doc
    mixed = list(parent.words)
    mixed[start:end] = words
    for i in range(start, end):
        was = parent.written(i)
        if was.initial and was.word[0].isupper():
            mixed[i] = capital(mixed[i])
    spaces: list[bool] | None = None
    if not source.has_unknown_spaces:
        spaces = [bool(token.whitespace_) for token in source]
        spaces = spaces_between(mixed, parent.words, spaces)
    doc = Doc(source.vocab, words=mixed, spaces=spaces)
    _keep_attributes(source, doc, start, end, layer)
    _keep_other_targets(source, doc, start, end, layer)
    labels = parent.rows.copy()
    labels[start:end] = rows
    if hardened:
        _annotate(doc, harden(labels, tag_set), layer)
    else:
        set_targets(doc, layer, TokenTargets(tag_set.scheme, tag_set.names, labels))
    return doc


def _keep_attributes(source: Doc, doc: Doc, start: int, end: int, layer: str) -> None:
    attributes = [a for a, of in _KEPT.items() if of != layer]
    values = source.to_array(attributes)
    values[start:end, 1:] = 0
    used: Any = [a for i, a in enumerate(attributes) if values[:, i].any()]
    if used:
        columns = [attributes.index(a) for a in used]
        doc.from_array(used, values[:, columns])
    if layer != "ner" and source.has_annotation("ENT_IOB"):
        known = [t.i for t in source if t.ent_iob and not start <= t.i < end]
        ents = [e for e in source.ents if e.end <= start or e.start >= end]
        inside = {i for e in source.ents for i in range(e.start, e.end)}
        _set_entities(
            doc,
            [(e.start, e.end, e.label_) for e in ents],
            [i for i in known if i not in inside],
        )


def _keep_other_targets(
    source: Doc, doc: Doc, start: int, end: int, layer: str
) -> None:
    register_extension()
    for other in source._.token_targets or ():
        targets = get_targets(source, other)
        if other != layer and targets is not None:
            rows = np.array(targets.rows)
            rows[start:end] = 0
            set_targets(doc, other, TokenTargets(targets.scheme, targets.labels, rows))


def _annotate(doc: Doc, tags: Sequence[str], layer: str) -> None:
    if layer == "ner":
        outside = [i for i, tag in enumerate(tags) if tag == "O"]
        _set_entities(doc, spans_in(tags), outside)
        return
    for token, tag in zip(doc, tags, strict=True):
        setattr(token, f"{layer}_", "" if tag == "-" else tag)


def _set_entities(
    doc: Doc, spans: Sequence[tuple[int, int, str]], outside: Sequence[int]
) -> None:
    """Entities, tokens outside of any, and all others missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        doc.set_ents(
            [Span(doc, *span) for span in spans],
            outside=[doc[i : i + 1] for i in outside],
            default="missing",
        )
