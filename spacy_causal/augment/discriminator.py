"""The discriminator: a trained pipeline that has to find what was swapped in."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_causal.augment.provenance import swaps_of
from spacy_causal.augment.verdicts import (
    KEPT,
    NOT_FOUND,
    TOO_SURE,
    TOO_UNSURE,
    WRONG_SPAN,
    WRONG_TYPE,
)
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.numeric import softmax
from spacy_causal.types import Screen, Verdict

NO_SCORES = (
    "A lowest or highest score needs a pipeline with a 'causal_ner': nothing else says "
    "how sure it is. This one has {}."
)


def create_discriminator(
    model: str | Path,
    *,
    min_score: float = 0.0,
    max_score: float = 1.0,
    batch_size: int = 256,
) -> Screen:
    """Keep what a trained pipeline finds, each swapped mention with span and type.

    CFGen (EMNLP 2020), section 2.3, "Example Discrimination".

    model (str | Path): Any pipeline that sets `doc.ents`; is loaded at the first call.
    min_score, max_score (float): Keep only what it finds with a probability between,
        which takes a `causal_ner`: spaCy's `ner` has none.
    Raises ValueError for bounds that leave nothing between them.
    """
    bounds = min_score, max_score
    check_bounds(bounds)
    load = cache(lambda: spacy.load(model))

    def screen(docs: Sequence[Doc]) -> list[Verdict]:
        return discriminate(docs, nlp=load(), bounds=bounds, batch_size=batch_size)

    return screen


def check_bounds(bounds: tuple[float, float]) -> None:
    """Raise ValueError for bounds on probabilities that leave nothing between them."""
    low, high = bounds
    if not 0 <= low <= high <= 1:
        raise ValueError(f"No score lies between {low} and {high}.")


def discriminate(
    docs: Sequence[Doc],
    *,
    nlp: Language,
    bounds: tuple[float, float] = (0.0, 1.0),
    batch_size: int = 256,
) -> list[Verdict]:
    """Read texts in batches, sorted by length, and judge each by its swaps.

    docs (Sequence[Doc]): With `doc._.counterfactual`.
    RETURNS (list[Verdict]): One a Doc, in their order.
    Raises ValueError when bounds are set and the pipeline gives no scores or merges the
    tokens that they are of, and for bounds that leave nothing between them.
    """
    check_bounds(bounds)
    scored = ScoredEntities(nlp)
    if bounds != (0.0, 1.0) and scored.pipe is None:
        raise ValueError(NO_SCORES.format(", ".join(nlp.pipe_names)))
    order = sorted(range(len(docs)), key=lambda i: len(docs[i]))
    unread = (unread_copy(docs[i], nlp) for i in order)
    verdicts: dict[int, Verdict] = {}
    for i, read in zip(order, nlp.pipe(unread, batch_size=batch_size), strict=True):
        verdicts[i] = judge(docs[i], read, scored, bounds)
    return [verdicts[i] for i in range(len(docs))]


def unread_copy(doc: Doc, nlp: Language) -> Doc:
    """The text for another pipeline to read: in its own tokens, or in the Doc's where
    those do not know their spaces."""
    if doc.has_unknown_spaces:
        return bare_copy(doc, nlp.vocab)
    return nlp.make_doc(doc.text)


class ScoredEntities:
    """How probable a pipeline finds its entities: the least P(type) of their tokens.

    pipe (Any): The last component that lets others read its scores, or None. What it
        says is taken from the pass that found the entities: there is no second one.
    """

    def __init__(self, nlp: Language) -> None:
        pipes: list[Any] = [pipe for _, pipe in nlp.pipeline]
        labellers = [p for p in pipes if hasattr(p, "keep_scores") and _spans(p)]
        self.pipe = labellers[-1] if labellers else None
        if self.pipe is not None:
            self.pipe.keep_scores(self)

    def reads(self, source: Any) -> bool:
        """Whether a component's scores are kept for us."""
        return source is self.pipe

    def __call__(self, spans: Sequence[Span]) -> list[float] | None:
        """A score for each of some entities of one Doc; can be asked once for it. None
        where the pipeline has no scores."""
        if self.pipe is None or not spans:
            return None
        said = self.pipe.take_scores(self, [spans[0].doc])
        if said is None:
            return None
        rows = self.pipe.model.ops.to_numpy(softmax(said.logits))
        tags = self.pipe.tag_set
        return [
            float(rows[s.start : s.end, _bears(tags, s.label_)].sum(axis=1).min())
            for s in spans
        ]


def _spans(pipe: Any) -> bool:
    return getattr(pipe, "tag_set", None) is not None and pipe.tag_set.scheme != "token"


def _bears(tags: Any, label: str) -> Any:
    known = label in tags.labels
    return tags.types == (tags.labels.index(label) if known else len(tags.labels))


def judge(
    doc: Doc, read: Doc, scored: ScoredEntities, bounds: tuple[float, float]
) -> Verdict:
    """Compare what was swapped into a Doc with what a pipeline found in its text."""
    found = {(ent.start_char, ent.end_char): ent for ent in read.ents}
    spans = []
    for swap in swaps_of(doc):
        donor = doc[swap.start : swap.end]
        ent = found.get((donor.start_char, donor.end_char))
        if ent is None:
            overlaps = any(
                start < donor.end_char and donor.start_char < end
                for start, end in found
            )
            return WRONG_SPAN if overlaps else NOT_FOUND
        if ent.label_ != swap.label:
            return WRONG_TYPE
        spans.append(ent)
    score = min(scored(spans) or [], default=None)
    if score is None and spans and bounds != (0.0, 1.0):
        raise ValueError(
            "A lowest or highest score is set, and a component after the 'causal_ner' "
            f"changes the tokens that it scored: {read.text[:60]!r}."
        )
    if score is not None and score < bounds[0]:
        return TOO_UNSURE._replace(score=score)
    if score is not None and score > bounds[1]:
        return TOO_SURE._replace(score=score)
    return KEPT._replace(score=score)
