"""Tag sets: how the types of a layer are spelled as tags of tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

Scheme = Literal["token", "io", "bio", "biluo"]
PREFIXES: dict[str, str] = {"token": "", "io": "I", "bio": "BI", "biluo": "BILU"}

# The prefixes of the first, the middle and the last piece when a tag's token is split.
_SPLIT = {"B": "BII", "I": "III", "L": "IIL", "U": "BIL"}


@dataclass(frozen=True)
class TagSet:
    """The tags of one layer, in a fixed order that grows at its end.

    scheme (Scheme): "io", "bio" and "biluo" mark spans and begin with "O"; under
        "token" each label is a tag of its own.
    labels (tuple[str, ...]): The types (or, under "token", the tags).
    """

    scheme: Scheme
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.scheme not in get_args(Scheme):
            schemes = ", ".join(get_args(Scheme))
            raise ValueError(f"Unknown scheme {self.scheme!r}: one of {schemes}.")

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The tags' names: "O", "B-PER", "I-PER", ..."""
        if self.scheme == "token":
            return self.labels
        spans = [f"{p}-{x}" for x in self.labels for p in PREFIXES[self.scheme]]
        return ("O", *spans)

    @cached_property
    def index(self) -> dict[str, int]:
        """Each tag's position by its name."""
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def prefixes(self) -> np.ndarray:
        """One letter a tag, shape (M,): "O", "B", "I", "L", "U" ("" under "token")."""
        if self.scheme == "token":
            return np.full(len(self.labels), "", dtype="<U1")
        return np.array(["O", *(PREFIXES[self.scheme] * len(self.labels))], dtype="<U1")

    @cached_property
    def types(self) -> np.ndarray:
        """The label's position each tag bears, shape (M,); −1 for "O"."""
        each = np.repeat(np.arange(len(self.labels)), len(PREFIXES[self.scheme]) or 1)
        return each if self.scheme == "token" else np.concatenate([[-1], each])

    @cached_property
    def split(self) -> np.ndarray:
        """First, inner and last tag of a token's parts, shape (3, M)."""
        if self.scheme in ("token", "io"):
            return np.tile(np.arange(len(self)), (3, 1))
        parts = np.zeros((3, len(self)), dtype=int)
        for tag, name in enumerate(self.names[1:], start=1):
            marks = _SPLIT[name[0]] if self.scheme == "biluo" else name[0] + "II"
            parts[:, tag] = [self.index[mark + name[1:]] for mark in marks]
        return parts


def tags_of_spans(
    tag_set: TagSet, spans: Sequence[tuple[int, int, str]], n_tokens: int
) -> list[str]:
    """Spell half-open, non-overlapping spans as one tag a token."""
    tags = ["O"] * n_tokens
    for start, end, label in spans:
        for i in range(start, end):
            mark = {"io": "I", "bio": "B" if i == start else "I"}.get(tag_set.scheme)
            tags[i] = f"{mark or _biluo_mark(i, start, end)}-{label}"
    return tags


def _biluo_mark(i: int, start: int, end: int) -> str:
    if end - start == 1:
        return "U"
    return "B" if i == start else "L" if i == end - 1 else "I"
