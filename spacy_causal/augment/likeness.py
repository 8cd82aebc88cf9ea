"""Which donors of a type are most like an entity, by a pipeline's vectors."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from thinc.types import Floats2d

from spacy_causal.augment.bank import Donor, EntityBank
from spacy_causal.augment.seqmix.embeddings import encoded, static_vectors


def with_vectors(bank: EntityBank, nlp: Language) -> EntityBank:
    """The same bank, in which donors have vectors: the mean over the tokens of each.

    nlp (Language): Trained. Its static vectors are read where it has some, and the last
        encoder that it has otherwise (of a `tok2vec`, `ner`, `causal_ner`, ...), which
        reads each donor by itself, without a context.
    Raises ValueError where it has neither.
    """
    if not bank.donors:
        return replace(bank, vectors={})
    static = len(nlp.vocab.vectors) and nlp.vocab.vectors.shape[1]
    read = _static_vectors if static else _encoder_vectors
    labels = [label for label, donors in bank.donors.items() for _ in donors]
    donors = [donor for donors in bank.donors.values() for donor in donors]
    rows, of = unit_rows(read(donors, nlp)), np.array(labels)
    return replace(bank, vectors={label: rows[of == label] for label in bank.donors})


def unit_rows(rows: Floats2d) -> Floats2d:
    """Rows of length 1, so that products are cosines; a row of zeros stays."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)


def _static_vectors(donors: Sequence[Donor], nlp: Language) -> Floats2d:
    words = [word for donor in donors for word in donor.words]
    rows = static_vectors(words, nlp)
    ends = np.cumsum([len(donor.words) for donor in donors])
    return np.array([part.mean(axis=0) for part in np.split(rows, ends[:-1])])


def _encoder_vectors(donors: Sequence[Donor], nlp: Language) -> Floats2d:
    docs = [
        Doc(nlp.vocab, words=list(donor.words), spaces=list(donor.spaces))
        for donor in donors
    ]
    at = {id(doc): i for i, doc in enumerate(docs)}
    found = {at[id(doc)]: v.mean(axis=0) for doc, v in encoded(docs, nlp, None)}
    return np.array([found[i] for i in range(len(docs))])
