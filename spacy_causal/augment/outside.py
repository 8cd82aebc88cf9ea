"""Donors from outside the annotated data: what a pipeline finds in other text."""

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.augment.bank import Donor, EntityBank, bank_of, donor_of
from spacy_causal.augment.discriminator import (
    NO_SCORES,
    ScoredEntities,
    check_bounds,
    unread_copy,
)
from spacy_causal.augment.mentions import mentions_of

MIN_SCORE = 0.9


def find_entities(
    nlp: Language,
    docs: Iterable[Doc],
    *,
    min_score: float | None = None,
    batch_size: int = 256,
) -> EntityBank:
    """The entities that a trained pipeline finds in unlabelled text.

    min_score (float | None): Leave out entities whose P(type) is lower. By default that
        is below 0.9, and all are taken where the pipeline gives no scores.
    Raises ValueError for a score that is asked of a pipeline without, or is none.
    """
    scored = ScoredEntities(nlp)
    if min_score is None:
        min_score = MIN_SCORE
    elif scored.pipe is None:
        raise ValueError(NO_SCORES.format(", ".join(nlp.pipe_names)))
    check_bounds((min_score, 1.0))
    return bank_of(_found(nlp, docs, scored, min_score, batch_size))


def _found(
    nlp: Language,
    docs: Iterable[Doc],
    scored: ScoredEntities,
    min_score: float,
    batch_size: int,
) -> Iterator[tuple[str, Donor]]:
    unread = (unread_copy(doc, nlp) for doc in docs)
    for doc in nlp.pipe(unread, batch_size=batch_size):
        scores = scored(doc.ents) or [1.0] * len(doc.ents)
        sure = {
            (ent.start, ent.end)
            for ent, score in zip(doc.ents, scores, strict=True)
            if score >= min_score
        }
        for mention in mentions_of(doc):
            if mention[:2] in sure:
                yield mention.label, donor_of(doc, mention)
