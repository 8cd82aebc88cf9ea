"""Spans, extensions and targets, moved to a Doc in which mentions were swapped."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup

from spacy_causal.tags.scheme import TagSet, tags_of_spans
from spacy_causal.targets.token_targets import ATTRIBUTE, TokenTargets

TARGETS_KEY = ("._.", ATTRIBUTE, None, None)


@dataclass
class Moves:
    """Where tokens went.

    n_tokens (int): How many there were.
    old, new (list[tuple[int, int]]): The swapped spans before and after, half-open.
    """

    n_tokens: int
    old: list[tuple[int, int]]
    new: list[tuple[int, int]]

    @classmethod
    def of(cls, n_tokens: int, swaps: Sequence[tuple[int, int, int]]) -> "Moves":
        """swaps (Sequence[tuple[int, int, int]]): Start, end and the number of tokens
        that take their place, ascending."""
        new, shift = [], 0
        for start, end, n_new in swaps:
            new.append((start + shift, start + shift + n_new))
            shift += n_new - (end - start)
        return cls(n_tokens, [swap[:2] for swap in swaps], new)

    @cached_property
    def kept(self) -> list[tuple[int, int, int]]:
        """The spans between the swapped ones: start, end, new start."""
        after = zip(self.old, self.new, strict=True)
        starts = [(0, 0), *((end, new_end) for (_, end), (_, new_end) in after)]
        ends = [*(start for start, _ in self.old), self.n_tokens]
        return [(s, end, to) for (s, to), end in zip(starts, ends, strict=True)]

    @cached_property
    def edges(self) -> list[int]:
        """For each edge between tokens, 0 to n, where it is now; −1 inside a swapped
        span, where there is no such edge any more."""
        edges = [-1] * (self.n_tokens + 1)
        for start, end, to in self.kept:
            edges[start : end + 1] = range(to, to + end - start + 1)
        return edges

    @property
    def length(self) -> int:
        """How many tokens there are now."""
        return self.edges[-1]

    def token(self, position: int) -> int:
        """Where a token is now, −1 if it was swapped."""
        if any(start <= position < end for start, end in self.old):
            return -1
        return self.edges[position]

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a span is now. One that holds a swapped mention, or is one, stretches;
        one that cuts it or lies within is gone."""
        moved = self.edges[start], self.edges[end]
        return None if -1 in moved else moved


def move_spans(source: Doc, target: Doc, moves: Moves) -> int:
    """Move all span groups, and return how many spans are gone. One that is a swapped
    mention loses its link to a knowledge base, which was the old entity's."""
    dropped = 0
    for key, group in source.spans.items():
        spans = []
        for span in group:
            moved = moves.span(span.start, span.end)
            if moved is None:
                dropped += 1
                continue
            swapped = (span.start, span.end) in moves.old
            kb_id = 0 if swapped else span.kb_id
            spans.append(Span(target, *moved, span.label, kb_id=kb_id, span_id=span.id))
        attrs = copy(group.attrs)
        target.spans[key] = SpanGroup(target, name=group.name, attrs=attrs, spans=spans)
    return dropped


def move_user_data(source: Doc, target: Doc, moves: Moves) -> int:
    """Move extensions and other user data; return how many values are gone, those of
    swapped tokens and mentions."""
    dropped, data = 0, _user_data(target)
    starts: dict[int, int] | None = None
    for key, value in _user_data(source).items():
        if not _has_place(key):
            data[key] = copy(value)
            continue
        if starts is None:
            starts = {token.idx: token.i for token in source}
            ends = {token.idx + len(token): token.i + 1 for token in source}
        moved = _moved_key(key, starts, ends, target, moves)
        if moved is None:
            dropped += 1
        else:
            data[moved] = copy(value)
    return dropped


def _user_data(doc: Doc) -> dict[Any, Any]:
    return doc.user_data


def _has_place(key: Any) -> bool:
    return (
        isinstance(key, tuple)
        and len(key) == 4
        and key[0] == "._."
        and key[2] is not None
    )


def _moved_key(
    key: tuple, starts: dict[int, int], ends: dict[int, int], target: Doc, moves: Moves
) -> tuple | None:
    """The key of a token's or span's extension, by its new place in the text."""
    mark, name, start_char, end_char = key
    start, end = starts.get(start_char, -1), ends.get(end_char, -1)
    if start >= 0 and end_char is None:
        token = moves.token(start)
        return None if token < 0 else (mark, name, target[token].idx, None)
    moved = moves.span(start, end) if start >= 0 <= end else None
    if moved is None or (start, end) in moves.old:
        return None
    span = target[slice(*moved)]
    return mark, name, span.start_char, span.end_char


def move_targets(target: Doc, moves: Moves, labels: Sequence[str]) -> None:
    """Move `doc._.token_targets`, of which the new Doc still carries the source's.

    labels (Sequence[str]): The type of each swapped mention.
    Raises ValueError where the targets are not certain of one.
    """
    data = _user_data(target)
    carried = data.get(TARGETS_KEY)
    if carried:
        data[TARGETS_KEY] = {
            layer: _moved_targets(
                TokenTargets.from_dict(value), moves, labels if layer == "ner" else ()
            ).to_dict()
            for layer, value in carried.items()
        }


def _moved_targets(
    targets: TokenTargets, moves: Moves, labels: Sequence[str]
) -> TokenTargets:
    names, old = list(targets.labels), np.asarray(targets.rows)
    if labels:
        _check_certain(targets, moves, labels)
    tags: dict[int, str] = {}
    for (start, end), label in zip(moves.new, labels, strict=False):
        tag_set = TagSet(targets.scheme, (label,))  # type: ignore[arg-type]
        spelled = tags_of_spans(tag_set, [(0, end - start, label)], end - start)
        tags |= dict(enumerate(spelled, start=start))
    names += sorted({tag for tag in tags.values() if tag not in names})
    rows = np.zeros((moves.length, len(names)), dtype=np.float32)
    for start, end, to in moves.kept:
        rows[to : to + end - start, : old.shape[1]] = old[start:end]
    for position, tag in tags.items():
        rows[position, names.index(tag)] = 1
    return TokenTargets(targets.scheme, tuple(names), rows)


def _check_certain(targets: TokenTargets, moves: Moves, labels: Sequence[str]) -> None:
    for (start, end), label in zip(moves.old, labels, strict=True):
        rows = np.asarray(targets.rows[start:end])
        tags = [targets.labels[i] for i in rows.argmax(axis=1)]
        certain = targets.certain[start:end].all() and targets.scheme != "token"
        if not certain or any(tag[2:] != label for tag in tags):
            raise ValueError(
                f"The token targets of tokens {start} to {end - 1} are not certain of "
                f"one {label}: such a mention cannot be swapped."
            )
