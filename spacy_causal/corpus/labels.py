"""Which labels a Doc has: annotated, or certain in the token targets it carries."""

from collections.abc import Sequence
from typing import Literal

from spacy.tokens import Doc, Span

from spacy_causal.tags.detect import as_bio, read_spans
from spacy_causal.targets.token_targets import TokenTargets, get_targets


def is_labelled(doc: Doc) -> bool:
    """Whether anything is annotated of a Doc's entities, tags or parts of speech."""
    return any(map(doc.has_annotation, ("ENT_IOB", "TAG", "POS")))


def entities_of(doc: Doc) -> Sequence[Span]:
    """The entities of a Doc in their order; where it carries targets of entities, those
    that are certain.

    Raises ValueError for targets that do not fit the Doc or their scheme.
    """
    targets = _targets_of(doc, "ner")
    if targets is None:
        return doc.ents
    found = certain_mentions(targets)
    return [Span(doc, start, end, label=label) for start, end, label in found]


def tags_of(doc: Doc, layer: str) -> list[str]:
    """One label a token of a layer of tags ("tag" or "pos"), "" where there is none;
    where the Doc carries targets of the layer, those that are certain.

    Raises ValueError for targets that do not fit the Doc.
    """
    targets = _targets_of(doc, layer)
    if targets is None:
        return [getattr(token, f"{layer}_") for token in doc]
    return [name or "" for name in _certain_names(targets)]


def certain_mentions(targets: TokenTargets) -> list[tuple[int, int, str]]:
    """Half-open spans (start, end, label) all of whose rows are one-hot, and that
    cannot go on after them."""
    if targets.scheme not in ("io", "bio", "biluo"):
        return []
    known = [name or "-" for name in _certain_names(targets)]
    spelled: Literal["io", "bio"] = "io" if targets.scheme == "io" else "bio"
    return [
        (start, end, label)
        for start, end, label in read_spans(as_bio(known), spelled)
        if _is_whole(known, start, end, targets.scheme)
    ]


def _targets_of(doc: Doc, layer: str) -> TokenTargets | None:
    # Most Docs carry none: their extension is not asked for them.
    return get_targets(doc, layer) if doc.user_data else None


def _certain_names(targets: TokenTargets) -> list[str | None]:
    """The label of each one-hot row, None for the others."""
    if not targets.labels:
        return [None] * len(targets.rows)
    best = targets.rows.argmax(axis=1)
    return [
        targets.labels[i] if sure else None
        for i, sure in zip(best, targets.certain, strict=True)
    ]


def _is_whole(known: list[str], start: int, end: int, scheme: str) -> bool:
    """Whether the tokens around cannot belong to the mention too."""
    if scheme == "biluo":
        marks = known[start][0] + known[end - 1][0]
        return marks == "UU" if end - start == 1 else marks == "BL"
    if known[start][0] == "I" and start and known[start - 1] == "-":
        return False
    return known[start][0] in "BI" and known[end : end + 1] != ["-"]
