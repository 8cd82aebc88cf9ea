"""Whether an update cost a label what it was known for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.learning.reading import read_upstream
from spacy_causal.scorers.tokens import prf


class LabelScore(NamedTuple):
    """F1 of one label, and how often the gold annotation has it."""

    f: float
    support: int


def label_scores(
    nlp: Language, component: str, dev: Sequence[Doc]
) -> dict[str, LabelScore]:
    """A component's F1 on annotated Docs, label by label: of entities for `ner`, of
    tokens otherwise."""
    pipe: Any = nlp.get_pipe(component)
    read = read_upstream(nlp, component, [bare_copy(doc) for doc in dev])
    predicted = list(pipe.pipe(read))
    if pipe.layer == "ner":
        examples = [Example(x, y) for x, y in zip(predicted, dev, strict=True)]
        support = Counter(ent.label_ for doc in dev for ent in doc.ents)
        per_type = get_ner_prf(examples)["ents_per_type"] or {}
        return {x: LabelScore(per_type[x]["f"], support[x]) for x in sorted(per_type)}
    gold, said = (
        [getattr(token, f"{pipe.layer}_") for doc in docs for token in doc]
        for docs in (dev, predicted)
    )
    return tag_scores(gold, said)


def tag_scores(gold: Sequence[str], said: Sequence[str]) -> dict[str, LabelScore]:
    """F1 of each tag; tokens without gold are left out."""
    pairs = [(g, s) for g, s in zip(gold, said, strict=True) if g]
    support, found = Counter(g for g, _ in pairs), Counter(s for _, s in pairs)
    right = Counter(g for g, s in pairs if g == s)
    return {
        tag: LabelScore(prf(right[tag], found[tag], support[tag])["f"] or 0.0, n)
        for tag, n in sorted(support.items())
    }


def fallen(
    best: Mapping[str, float],
    now: Mapping[str, LabelScore],
    *,
    max_drop: float,
    min_support: int,
) -> dict[str, tuple[float, float]]:
    """The labels now more than `max_drop` below their best F1, with both figures.

    Compared with the best F1 rather than the last, a loss in small steps counts too.
    Labels that occur fewer than `min_support` times in gold are not judged.
    """
    return {
        label: (best[label], score.f)
        for label, score in now.items()
        if score.support >= min_support
        and label in best
        and score.f < best[label] - max_drop
    }
