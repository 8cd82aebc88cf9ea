"""Targets moved between label lists and between tokenisations."""

from collections.abc import Sequence

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d

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
    give one row if they agree on the type and are no two mentions. Tokens that cross
    are merged and then split if they are all in one mention, or in none; otherwise each
    has its reference tokens' row if cutting these at its edges does not change it.
    Elsewhere nothing is known.

    rows (Floats2d): Shape (n_reference, M).
    x2y (Sequence[Ints1d]): For each predicted token its reference tokens.
    split (Ints2d): Tags of a split token's parts, shape (3, M), as `TagSet.split`.
    types (Ints1d): The type each tag bears, shape (M,), as `TagSet.types`.
    RETURNS (Floats2d): Shape (n_predicted, M).
    """
    projected = np.zeros((len(x2y), rows.shape[1]), dtype=rows.dtype)
    for tokens, references in _groups(x2y):
        merged = _merge(rows[references], split, types)
        if len(tokens) == 1:
            projected[tokens] = merged
        elif len(references) == 1 or _is_one(rows[references], merged, split):
            for n, i in enumerate(tokens):
                projected[i] = _part(merged, split, n == 0, n == len(tokens) - 1)
        else:
            projected[tokens] = _crossing(rows, [x2y[i] for i in tokens], split, types)
    return projected


def _groups(x2y: Sequence[Ints1d]) -> list[tuple[list[int], list[int]]]:
    """Predicted and reference tokens that have characters in common, directly or by
    others."""
    groups: list[tuple[list[int], list[int]]] = []
    for i, found in enumerate(x2y):
        references = [int(j) for j in found]
        if groups and references and references[0] == groups[-1][1][-1]:
            groups[-1][0].append(i)
            groups[-1][1].extend(references[1:])
        elif references:
            groups.append(([i], references))
    return groups


def _crossing(
    rows: Floats2d, x2y: Sequence[Ints1d], split: Ints2d, types: Ints1d
) -> Floats2d:
    """A row for each predicted token of a group: that of its reference tokens, if
    cutting these at its edges does not change it."""
    known = np.zeros((len(x2y), rows.shape[1]), dtype=rows.dtype)
    for i, references in enumerate(x2y):
        row = _merge(rows[list(references)], split, types)
        starts = i == 0 or references[0] not in x2y[i - 1]
        ends = i == len(x2y) - 1 or references[-1] not in x2y[i + 1]
        if np.array_equal(_part(row, split, starts, ends), row):
            known[i] = row
    return known


def _part(row: Floats1d, split: Ints2d, starts: bool, ends: bool) -> Floats1d:
    """The row of a token's part that starts or ends where the token does."""
    part = np.zeros_like(row)
    np.add.at(part, split[0 if starts else 2 if ends else 1], row)
    return part


def _agree(rows: Floats2d, types: Ints1d) -> bool:
    """Whether all rows give each type the same probability."""
    by_type = np.zeros((len(rows), int(types.max(initial=-1)) + 2), dtype=rows.dtype)
    np.add.at(by_type.T, types + 1, rows.T)
    return bool(np.allclose(by_type, by_type[0], atol=1e-4))


def _merge(rows: Floats2d, split: Ints2d, types: Ints1d) -> Floats1d:
    """The row of a token made of several: the tag whose first and last parts are
    those of the ends, or the first row where the rows are no tags."""
    if len(rows) == 1 or not _agree(rows, types):
        return rows[0] if len(rows) == 1 else np.zeros_like(rows[0])
    if rows[0].max() < 1 or rows[-1].max() < 1:
        return rows[0]
    first, last = int(rows[0].argmax()), int(rows[-1].argmax())
    whole = np.flatnonzero((split[0] == first) & (split[2] == last))
    merged = np.zeros_like(rows[0])
    merged[whole[types[whole] == types[first]][:1]] = rows[0].sum()
    return merged


def _is_one(rows: Floats2d, merged: Floats1d, split: Ints2d) -> bool:
    """Whether rows are the tags of one token's parts: of one mention, or of none."""
    inner = split[1, int(merged.argmax())]
    return bool(merged.max() == 1 and (rows[1:-1, inner] == 1).all())
