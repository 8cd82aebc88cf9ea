"""What confounders do to labels, and how many sentences have none."""

from collections.abc import Sequence

import numpy as np
from thinc.types import Floats2d

from spacy_causal.tags.scheme import TagSet
from spacy_causal.types import Confounder, TypedSentence


def effects_by_label(
    moved: Floats2d, words: Sequence[str], tag_set: TagSet
) -> dict[str, dict[str, float]]:
    """By how many nats each confounder moves each label: the mean over its tags.

    moved (Floats2d): By how many it moves each tag, shape (Z, M).
    """
    columns = [np.flatnonzero(tag_set.types == i) for i in range(len(tag_set.labels))]
    return {
        word: {
            label: float(row[column].mean())
            for label, column in zip(tag_set.labels, columns, strict=True)
        }
        for word, row in zip(words, moved, strict=False)
    }


def share_without(
    sentences: Sequence[TypedSentence], confounders: Sequence[Confounder]
) -> float:
    """The share of sentences in which no confounder stands; 1 where there are none."""
    words = {confounder.word for confounder in confounders}
    without = sum(words.isdisjoint(sentence.words) for sentence in sentences)
    return without / len(sentences) if sentences else 1.0
