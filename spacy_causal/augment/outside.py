"""Donors from outside the annotated data: what a pipeline finds in other text."""

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.augment.bank import Donor, EntityBank, bank_of, donor_of
from spacy_causal.augment.discriminator import ScoredEntities, unread_copy
from spacy_causal.augment.mentions import mentions_of


def find_entities(
    nlp: Language,
    docs: Iterable[Doc],
    *,
    min_score: float = 0.9,
    batch_size: int = 256,
) -> EntityBank:
    """The entities that a trained pipeline finds in unlabelled text.

    min_score (float): Leave out entities whose P(type) is lower; does nothing where the
        pipeline gives no scores.
    """
    return bank_of(_found(nlp, docs, min_score, batch_size))


def _found(
    nlp: Language, docs: Iterable[Doc], min_score: float, batch_size: int
) -> Iterator[tuple[str, Donor]]:
    scored = ScoredEntities(nlp)
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
