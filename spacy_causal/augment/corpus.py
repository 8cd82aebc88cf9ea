"""`spacy-causal.CounterfactualCorpus.v1`: a corpus with screened entity swaps."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import spacy
from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import ensure_path

from spacy_causal.augment.bank import EntityBank, collect_entities, merge_banks
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.discriminator import check_bounds, create_discriminator
from spacy_causal.augment.likeness import with_vectors
from spacy_causal.augment.outside import find_entities
from spacy_causal.augment.provenance import get_provenance
from spacy_causal.augment.reading import (
    Order,
    ReadExamples,
    cache_key,
    check_order,
    digest_of,
    digest_of_examples,
    digest_of_model,
    stored,
    with_generated,
)
from spacy_causal.corpus.files import empty_docbin
from spacy_causal.corpus.reader import NotAnnotated


def create_counterfactual_corpus(
    corpus: ReadExamples,
    *,
    model: str | Path | None = None,
    donors: ReadExamples | None = None,
    donor_score: float | None = None,
    per_example: int = 1,
    all_entities: bool = False,
    balance: bool = False,
    compatible: bool = False,
    like: int = 0,
    min_score: float = 0.0,
    max_score: float = 1.0,
    order: Order = "mixed",
    seed: int = 0,
    cache: str | Path | None = None,
) -> ReadExamples:
    """Wrap a corpus: its examples, and swaps that a trained pipeline vouches for.

    CFGen (EMNLP 2020), section 2.3. They are generated at the first call and kept, for
    spaCy reads a corpus several times; a corpus that reads otherwise the next time is
    augmented anew.

    corpus (ReadExamples): Any reader.
    model (str | Path | None): The discriminator, a *trained* pipeline (never the one
        in training, which knows nothing yet). None screens nothing.
    donors (ReadExamples | None): Unlabelled text in which the discriminator looks for
        more donors.
    donor_score (float | None): Lowest P(type) of those donors; None is 0.9 where the
        discriminator has scores.
    per_example, all_entities, balance, compatible, like: See `SwapSettings`; like
        donors go by the discriminator's vectors.
    min_score, max_score: See `create_discriminator`.
    order (str): "mixed", or "augmented_first" with the corpus itself after. It shows
        only where training streams (`max_epochs = -1`): otherwise spaCy shuffles.
    seed (int): Of draws and order.
    cache (str | Path | None): A folder that keeps what was generated from run to run.
    Raises ValueError for an unknown order, for bounds that leave nothing between them,
    and for what takes a discriminator without one.
    """
    check_order(order)
    check_bounds((min_score, max_score))
    bounded = (min_score, max_score) != (0, 1)
    if model is None and (donors is not None or bounded or like):
        raise ValueError(
            "Donors from outside, similar donors and bounds on scores need a model."
        )
    if donor_score is not None:
        if donors is None:
            raise ValueError("A donor_score goes with donors, which are not given.")
        check_bounds((donor_score, 1.0))
    return CounterfactualCorpus(
        corpus=corpus,
        donors=donors,
        donor_score=donor_score,
        model=None if model is None else str(model),
        settings=SwapSettings(per_example, all_entities, balance, compatible, like),
        bounds=(min_score, max_score),
        order=order,
        seed=seed,
        cache=ensure_path(cache),
    )


@dataclass(kw_only=True)
class CounterfactualCorpus:
    """A reader of examples, see `create_counterfactual_corpus`."""

    corpus: ReadExamples
    donors: ReadExamples | None
    donor_score: float | None
    model: str | None
    settings: SwapSettings
    bounds: tuple[float, float]
    order: Order
    seed: int
    cache: Path | None

    def __post_init__(self) -> None:
        self._made: dict[str, DocBin] = {}
        self._docs: tuple[str, int, list[Doc]] = "", 0, []

    def __call__(self, nlp: Language) -> Iterable[Example]:
        """Read the corpus, and generate what is not there yet."""
        examples = list(self.corpus(nlp))
        return with_generated(
            nlp,
            examples,
            self._counterfactuals(nlp, examples),
            lambda doc: (get_provenance(doc) or {})["source"],
            order=self.order,
            seed=self.seed,
        )

    def _counterfactuals(self, nlp: Language, examples: Sequence[Example]) -> list[Doc]:
        data = digest_of_examples(examples)
        if self._docs[:2] != (data, id(nlp.vocab)):
            if data not in self._made:
                self._made = {data: self._stored(nlp, data, examples)}
            docs = list(self._made[data].get_docs(nlp.vocab))
            self._docs = data, id(nlp.vocab), docs
        return self._docs[2]

    def _stored(self, nlp: Language, data: str, examples: Sequence[Example]) -> DocBin:
        """What the cache has of this corpus and these settings, or now gets."""
        key = "" if self.cache is None else self._key(nlp, data)
        return stored(self.cache, key, nlp.vocab, lambda: self._generate(nlp, examples))

    def _generate(self, nlp: Language, examples: Sequence[Example]) -> DocBin:
        screen = None
        if self.model is not None:
            low, high = self.bounds
            screen = create_discriminator(self.model, min_score=low, max_score=high)
        attempts = counterfactuals(
            nlp,
            examples,
            self._bank(nlp, examples),
            self.settings,
            default_rng(self.seed),
            screen=screen,
        )
        docs = empty_docbin()
        for attempt in attempts:
            if attempt.example is not None and attempt.verdict.kept:
                docs.add(attempt.example.reference)
        return docs

    def _bank(self, nlp: Language, examples: Sequence[Example]) -> EntityBank:
        bank = collect_entities(example.reference for example in examples)
        if self.model is None or (self.donors is None and not self.settings.like):
            return bank
        model = spacy.load(self.model)
        if self.donors is not None:
            unlabelled, score = self._unlabelled(nlp), self.donor_score
            outside = find_entities(model, unlabelled, min_score=score)
            bank = merge_banks(bank, outside)
        return with_vectors(bank, model) if self.settings.like else bank

    def _unlabelled(self, nlp: Language) -> list[Doc]:
        """Text to look for donors in; that it has no annotation is as it should be."""
        if self.donors is None:
            return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotAnnotated)
            return [example.reference for example in self.donors(nlp)]

    def _key(self, nlp: Language, data: str) -> str:
        """A hash of all that the generated examples depend on."""
        return cache_key(
            data=data,
            donors=digest_of(self._unlabelled(nlp)),
            donor_score=self.donor_score,
            model=None if self.model is None else digest_of_model(self.model),
            settings=asdict(self.settings),
            bounds=list(self.bounds),
            seed=self.seed,
            tokenizer=sha256(_tokenizer(nlp)).hexdigest(),
        )


def _tokenizer(nlp: Language) -> bytes:
    tokenizer: Any = nlp.tokenizer
    # Not its vocabulary, which grows with all that is read.
    exclude = ["vocab"]
    has_bytes = hasattr(tokenizer, "to_bytes")
    return tokenizer.to_bytes(exclude=exclude) if has_bytes else b""
