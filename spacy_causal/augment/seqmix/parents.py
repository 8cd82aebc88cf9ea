"""Labelled Docs read once, for any number of mixes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc
from thinc.types import Floats2d, Ints1d

from spacy_causal.augment.provenance import source_id
from spacy_causal.augment.seqmix.pairing import Window
from spacy_causal.augment.seqmix.settings import SeqMixSettings
from spacy_causal.augment.seqmix.surface import Written
from spacy_causal.augment.seqmix.token_table import TokenTable
from spacy_causal.augment.seqmix.windows import eligible_windows
from spacy_causal.tags.scheme import Scheme, TagSet
from spacy_causal.targets.align import align_labels
from spacy_causal.targets.gold import gold_tags, one_hot
from spacy_causal.targets.token_targets import get_targets

LAYERS = ("ner", "tag", "pos")
NOT_AMONG = "The label {label!r} is not among {labels}: {text!r}"


@dataclass(frozen=True)
class Parent:
    """A labelled Doc.

    id (str): What its mixes know it by.
    rows (Floats2d): What each token is labelled, zeros where nobody knows, (T, M).
    entries (Ints1d): Each token's row of the token table, −1 for none, shape (T,).
    """

    doc: Doc
    id: str
    words: list[str]
    rows: Floats2d
    entries: Ints1d

    @classmethod
    def of(cls, doc: Doc, layer: str, tag_set: TagSet, table: TokenTable) -> "Parent":
        """Read a Doc."""
        words = [token.text for token in doc]
        entries = [-1 if token.is_space else table.row(token.text) for token in doc]
        rows = label_rows(doc, layer, tag_set)
        return cls(doc, source_id(doc), words, rows, np.array(entries, dtype=int))

    def written(self, position: int) -> Written:
        """A token as it stands there."""
        token = self.doc[position]
        initial = position == 0 or token.is_sent_start is True
        return Written(self.words[position], initial)

    def windows(
        self, number: int, tag_set: TagSet, settings: SeqMixSettings
    ) -> list[Window]:
        """The windows in which it may be mixed.

        number (int): Which Doc of the corpus it is.
        """
        labels = ["O" if t < 0 else tag_set.labels[t] for t in tag_set.types]
        outside = [
            name in settings.outside or label in settings.outside
            for name, label in zip(tag_set.names, labels, strict=True)
        ]
        # A column more: rows have none where nobody annotated a tag.
        rows = np.pad(self.rows, ((0, 0), (0, 1)))
        valid = rows.any(axis=1) & ~np.array([*outside, True])[rows.argmax(axis=1)]
        usable, length = self.entries >= 0, len(self.words)
        size = length if settings.variant == "whole" else settings.window
        starts = eligible_windows(valid, usable, size, settings.density)
        return [
            Window(
                number, start, start + size, self._key(start, start + size, settings)
            )
            for start in starts.tolist()
        ]

    def _key(self, start: int, end: int, settings: SeqMixSettings) -> int | bytes:
        if settings.variant == "label_constrained":
            return self.rows[start:end].tobytes()
        return end - start


def label_rows(doc: Doc, layer: str, tag_set: TagSet) -> Floats2d:
    """A Doc's targets, else its annotation as one-hot rows, shape (T, M).

    Raises ValueError for a label that the tag set does not have.
    """
    targets = get_targets(doc, layer)
    if targets is not None:
        if targets.scheme != tag_set.scheme:
            raise ValueError(
                f"Token targets in the scheme {targets.scheme!r} cannot be mixed as "
                f"{tag_set.scheme!r}: {doc.text[:60]!r}"
            )
        return align_labels(targets, tag_set.names)
    tags = gold_tags([doc], layer, tag_set.labels, tag_set.scheme, refusal=NOT_AMONG)
    return one_hot(tags, len(tag_set))


def check_layer(layer: str) -> None:
    """Raise ValueError for a layer that is none."""
    if layer not in LAYERS:
        raise ValueError(f"Unknown layer {layer!r}: one of {', '.join(LAYERS)}.")


def tag_set_of(docs: Sequence[Doc], layer: str, scheme: Scheme = "bio") -> TagSet:
    """The labels that Docs are annotated with or carry targets of, sorted.

    scheme (Scheme): How entities are spelled; tags and parts of speech are "token".
    Raises ValueError for an unknown layer, and for entities in the scheme "token".
    """
    check_layer(layer)
    if layer == "ner" and scheme == "token":
        raise ValueError("The scheme 'token' spells no entities: io, bio and biluo do.")
    labels: set[str] = set()
    for doc in docs:
        targets = get_targets(doc, layer)
        if targets is not None:
            marks = layer == "ner"
            names = [n for n in targets.labels if not (marks and n == "O")]
            labels |= {n.partition("-")[2] if marks else n for n in names}
        elif layer == "ner":
            labels |= {ent.label_ for ent in doc.ents}
        else:
            labels |= {getattr(token, f"{layer}_") for token in doc} - {""}
    return TagSet("token" if layer != "ner" else scheme, tuple(sorted(labels)))
