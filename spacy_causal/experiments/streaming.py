"""A labelled corpus as initial data and a stream, some classes unseen at first."""

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from numpy.random import Generator
from spacy.tokens import Doc

OUTSIDE = "O"


def split_initial(
    docs: Sequence[Doc], share: float, rng: Generator
) -> tuple[list[Doc], list[Doc]]:
    """A random share of the Docs to begin with, and the others in random order."""
    if not 0 < share < 1:
        raise ValueError(f"A share lies between 0 and 1, not {share}.")
    order = rng.permutation(len(docs))
    n_initial = max(1, round(share * len(docs)))
    shuffled = [docs[i] for i in order]
    return shuffled[:n_initial], shuffled[n_initial:]


def draw_unseen(
    counts: Counter[str], share: float, rng: Generator, *, tries: int = 5000
) -> list[str]:
    """Classes, a third to two thirds of all, whose share of the tokens comes closest to
    the one that is wanted, sorted.

    counts (Counter[str]): Test tokens by class, without "O".
    share (float): Of the tokens counted; the best of `tries` random draws is taken.
    """
    classes = sorted(counts)
    if len(classes) < 2:
        raise ValueError("With fewer than two classes none can be unseen.")
    n = np.array([counts[name] for name in classes], dtype=float)
    most = max(2, len(classes) * 2 // 3 + 1)
    least = min(most - 1, max(1, len(classes) // 3))
    best: tuple[float, list[str]] = (np.inf, [])
    for _ in range(tries):
        drawn = rng.choice(len(classes), size=rng.integers(least, most), replace=False)
        off = abs(n[drawn].sum() / n.sum() - share)
        if off < best[0]:
            best = off, sorted(classes[i] for i in drawn)
    return best[1]


def classes_of(doc: Doc, layer: str) -> list[str]:
    """The class each token is annotated with: its tag, or its entity type or "O";
    "" where the annotation is missing."""
    if layer != "ner":
        return [getattr(token, f"{layer}_") for token in doc]
    types = {0: "", 2: OUTSIDE}
    return [types.get(token.ent_iob, token.ent_type_ or OUTSIDE) for token in doc]


def without_classes(doc: Doc, layer: str, unseen: Collection[str]) -> Doc:
    """A copy of an annotated Doc in which the tokens of some classes are not labelled:
    missing, and not "O"."""
    copy = doc.copy()
    if layer != "ner":
        for token in copy:
            if getattr(token, f"{layer}_") in unseen:
                setattr(token, f"{layer}_", "")
        return copy
    kept = [ent for ent in copy.ents if ent.label_ not in unseen]
    gone = [copy[e.start : e.end] for e in copy.ents if e.label_ in unseen]
    unknown = [copy[t.i : t.i + 1] for t in copy if not t.ent_iob]
    copy.set_ents(kept, missing=[*gone, *unknown], default="outside")
    return copy
