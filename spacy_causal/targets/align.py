"""Targets moved between label lists and between tokenisations."""

from collections.abc import Sequence

import numpy as np
from thinc.types import Floats2d, Ints1d, Ints2d

from spacy_causal.targets.token_targets import TokenTargets


def align_labels(targets: TokenTargets, labels: Sequence[str]) -> Floats2d:
    """The same rows under another list of labels, matched by name.

    RETURNS (Floats2d): Shape (n_tokens, len(labels)).
    Raises ValueError for a label that bears mass and is not in the list.
    """
    column = {label: i for i, label in enumerate(labels)}
    rows = np.zeros((len(targets.rows), len(labels)), dtype=np.float32)
    for i, label in enumerate(targets.labels):
        if label in column:
            rows[:, column[label]] = targets.rows[:, i]
        elif targets.rows[:, i].any():
            raise ValueError(
                f"Token targets use the label {label!r}, which the component does "
                "not have: add it with add_label() or in its labels."
            )
    return rows


def project_rows(
    rows: Floats2d, x2y: Sequence[Ints1d], split: Ints2d, types: Ints1d
) -> Floats2d:
    """Rows over reference tokens, moved to predicted tokens.

    One-to-one copies. A reference token that was split gives its parts the first,
    inner and last tag of its own ("B" then "I"). Reference tokens that were merged
    give the first one's row if they agree on the type; otherwise nothing is known.

    rows (Floats2d): Shape (n_reference, M).
    x2y (Sequence[Ints1d]): For each predicted token its reference tokens.
    split (Ints2d): Tags of a split token's parts, shape (3, M), as `TagSet.split`.
    types (Ints1d): The type each tag bears, shape (M,), as `TagSet.types`.
    RETURNS (Floats2d): Shape (n_predicted, M).
    """
    projected = np.zeros((len(x2y), rows.shape[1]), dtype=rows.dtype)
    parts = _parts_of(x2y, len(rows))
    for i, reference in enumerate(x2y):
        if len(reference) == 1:
            part, n_parts = parts[reference[0]].index(i), len(parts[reference[0]])
            which = 0 if part == 0 else 2 if part == n_parts - 1 else 1
            tags = split[which] if n_parts > 1 else np.arange(rows.shape[1])
            np.add.at(projected[i], tags, rows[reference[0]])
        elif len(reference) and _agree(rows[list(reference)], types):
            projected[i] = _merge(rows[list(reference)], split, types)
    return projected


def _parts_of(x2y: Sequence[Ints1d], n_reference: int) -> list[list[int]]:
    parts: list[list[int]] = [[] for _ in range(n_reference)]
    for i, reference in enumerate(x2y):
        for j in reference:
            parts[int(j)].append(i)
    return parts


def _agree(rows: Floats2d, types: Ints1d) -> bool:
    """Whether all rows give each type the same probability."""
    by_type = np.zeros((len(rows), int(types.max(initial=-1)) + 2), dtype=rows.dtype)
    np.add.at(by_type.T, types + 1, rows.T)
    return bool(np.allclose(by_type, by_type[0], atol=1e-4))


def _merge(rows: Floats2d, split: Ints2d, types: Ints1d) -> Floats2d:
    """The row of a token made of several: the tag whose first and last parts are
    those of the ends, where the scheme has one, else the first token's."""
    first, last = int(rows[0].argmax()), int(rows[-1].argmax())
    whole = np.flatnonzero((split[0] == first) & (split[2] == last))
    whole = whole[types[whole] == types[first]]
    if rows[0].max() < 1 or rows[-1].max() < 1 or not len(whole):
        return rows[0]
    merged = np.zeros_like(rows[0])
    merged[whole[0]] = rows[0].sum()
    return merged
