"""The mentions of a Doc that could be swapped."""

from typing import Literal, NamedTuple

import numpy as np
from spacy.tokens import Doc

from spacy_causal.tags.detect import read_spans
from spacy_causal.targets.token_targets import TokenTargets, get_targets

CERTAIN = 0.999
# BILUO read as BIO: where a mention begins, and where it goes on.
_AS_BIO = {"U": "B", "L": "I"}


class Mention(NamedTuple):
    """A half-open span of tokens and its type."""

    start: int
    end: int
    label: str


def mentions_of(doc: Doc) -> list[Mention]:
    """The entities of a Doc in their order; where it carries targets of entities, those
    that are certain. None begins or ends with white space."""
    # Most Docs carry none: their extension is not asked for them.
    targets = get_targets(doc, "ner") if doc.user_data else None
    if targets is None:
        found = [Mention(ent.start, ent.end, ent.label_) for ent in doc.ents]
    else:
        found = certain_mentions(targets)
    return [mention for mention in found if not _has_space_at_an_edge(doc, mention)]


def _has_space_at_an_edge(doc: Doc, mention: Mention) -> bool:
    return doc[mention.start].is_space or doc[mention.end - 1].is_space


def certain_mentions(targets: TokenTargets) -> list[Mention]:
    """Mentions all of whose rows are one-hot, and that cannot go on after them."""
    if targets.scheme not in ("io", "bio", "biluo") or not len(targets.rows):
        return []
    rows = np.asarray(targets.rows)
    certain = rows.max(axis=1) >= CERTAIN
    names = [targets.labels[i] for i in rows.argmax(axis=1)]
    known = [name if sure else "-" for name, sure in zip(names, certain, strict=True)]
    spelled: Literal["io", "bio"] = "io" if targets.scheme == "io" else "bio"
    tags = [_AS_BIO.get(tag[0], tag[0]) + tag[1:] for tag in known]
    return [
        Mention(start, end, label)
        for start, end, label in read_spans(tags, spelled)
        if _is_whole(known, start, end, targets.scheme)
    ]


def _is_whole(known: list[str], start: int, end: int, scheme: str) -> bool:
    """Whether the tokens around cannot belong to the mention too."""
    if scheme == "biluo":
        marks = known[start][0] + known[end - 1][0]
        return marks == "UU" if end - start == 1 else marks == "BL"
    if scheme == "io" and start and known[start - 1] == "-":
        return False
    return known[start][0] in "BI" and known[end : end + 1] != ["-"]
