"""Labels that are shown by chance, since the model would never ask about them."""

import numpy as np
from thinc.types import Floats2d, Ints2d


def explored(shown: Ints2d, draws: Floats2d, share: float) -> Ints2d:
    """The K labels of each question, the last of a share of them replaced by one drawn
    from all that are not among the first K − 1, each with the same probability.

    A model that was trained without a label gives it next to no probability: it stays
    among the last for as long as nobody is asked about it.

    shown (Ints2d): Columns of T labels, the highest first, shape (U, K).
    draws (Floats2d): Uniform in [0, 1), shape (U, 1 + T): whether a question explores,
        and the order that its label is drawn by.
    share (float): Of the questions, in [0, 1].
    RETURNS (Ints2d): Shape (U, K).
    """
    if not shown.size:
        return shown
    order = np.array(draws[:, 1:])
    np.put_along_axis(order, shown[:, :-1], -1, axis=1)
    drawn = order.argmax(axis=1)
    last = np.where(draws[:, 0] < share, drawn, shown[:, -1])
    return np.column_stack([shown[:, :-1], last]).astype(shown.dtype)


def explored_propensities(
    in_top_k: Floats2d, in_top_fewer: Floats2d, k: int, share: float
) -> Floats2d:
    """P(label is shown) where `explored` follows: with f = P(label ∈ top K − 1),
    (1 − share) P(label ∈ top K) + share (f + (1 − f) / (T − K + 1)).

    No label's is 0 once the share is above it, as doubly robust estimation needs.

    in_top_k, in_top_fewer (Floats2d): P(label ∈ top K) and f, shape (U, T).
    RETURNS (Floats2d): Shape (U, T).
    """
    n_others = in_top_k.shape[1] - k + 1
    if n_others <= 1:
        return in_top_k
    drawn = in_top_fewer + (1 - in_top_fewer) / n_others
    return (1 - share) * in_top_k + share * drawn
