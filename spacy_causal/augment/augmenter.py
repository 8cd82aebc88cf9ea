"""`spacy-causal.counterfactual.v1`: entity swaps as spaCy's readers augment."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from numpy.random import Generator, default_rng
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import ensure_path

from spacy_causal.augment.alignment import cut_like
from spacy_causal.augment.bank import EntityBank, read_bank
from spacy_causal.augment.counterfactuals import SwapSettings, attempts_at
from spacy_causal.augment.provenance import (
    get_provenance,
    register_counterfactual,
    source_id,
)
from spacy_causal.corpus.files import SUFFIX, read_spacy

Augment = Callable[[Language, Example], Iterator[Example]]
MISSED = 50
NONE_OF_THEM = (
    "{}: of the first {} examples none is a text that its swaps were made of, so "
    "nothing is augmented. It has to see the texts as `augment` did: without "
    "`max_length`, `gold_preproc` or another augmenter before it."
)


def create_counterfactual_augmenter(
    path: str | Path | None,
    rate: float = 1.0,
    per_example: int = 1,
    all_entities: bool = False,
    balance: bool = False,
    compatible: bool = False,
    keep_original: bool = True,
    seed: int = 0,
) -> Augment:
    """Swap mentions of each example for other entities of their type.

    It sees one example at a time, so no model can screen swaps here: take screened
    swaps from a file of them, or unscreened ones from a bank of entities.

    path (str | Path | None): What `causal augment` wrote: a `.spacy` file of
        counterfactuals, found again by the whole text they were made of (so the reader
        may not cut texts), or a `.json` bank of entities.
    rate (float): The probability that an example is augmented at all.
    per_example, all_entities, balance, compatible: See `SwapSettings`; with a file of
        counterfactuals only `per_example` is used, as the number to draw.
    keep_original (bool): Whether to yield the example too, before what is made of it.
    seed (int): Of all draws, which go on from call to call.
    Raises ValueError when there is no such file, or a rate is no probability.
    """
    # A config gives paths as text.
    file: Path | None = ensure_path(path)
    if file is None or not file.exists():
        raise ValueError(
            f"There is no file {path} of counterfactuals (.spacy) or entities (.json): "
            "`python -m spacy causal augment` writes both."
        )
    if not 0 <= rate <= 1:
        raise ValueError(f"A rate is a probability, not {rate}.")
    settings = SwapSettings(per_example, all_entities, balance, compatible)
    rng = default_rng(seed)
    create = _screened if file.suffix == SUFFIX else _unscreened
    augment = partial(create(file, settings), rng=rng)
    return partial(
        counterfactual_augmenter,
        augment=augment,
        rate=rate,
        keep_original=keep_original,
        rng=rng,
    )


def counterfactual_augmenter(
    nlp: Language,
    example: Example,
    *,
    augment: Augment,
    rate: float,
    keep_original: bool,
    rng: Generator,
) -> Iterator[Example]:
    """Yield an example and, with probability `rate`, what is made of it."""
    if keep_original:
        yield example
    if rng.random() < rate:
        yield from augment(nlp, example)


def make_swaps(
    nlp: Language,
    example: Example,
    *,
    bank: EntityBank,
    settings: SwapSettings,
    rng: Generator,
) -> Iterator[Example]:
    """Unscreened swaps of an example."""
    count = settings.per_example
    for attempt in attempts_at(nlp, example, bank, settings, rng, count=count):
        if attempt.example is not None and attempt.verdict.kept:
            yield attempt.example


@dataclass
class MadeSwaps:
    """Counterfactuals in a file, to draw those from that were made of an example.

    count (int): How many to draw.
    """

    path: Path
    count: int

    def __post_init__(self) -> None:
        self._read: tuple[int, dict[str, list[Doc]]] = (0, {})
        self._n_missed: int | None = 0

    def __call__(
        self, nlp: Language, example: Example, *, rng: Generator
    ) -> Iterator[Example]:
        """Some of those of an example, in the file's order."""
        found = self._of(nlp, example)
        if found:
            cut = cut_like(nlp, example)
            for i in sorted(rng.permutation(len(found))[: self.count].tolist()):
                yield Example(cut(found[i]).predicted, found[i])

    def _of(self, nlp: Language, example: Example) -> list[Doc]:
        """The file is read once a vocabulary."""
        if self._read[0] != id(nlp.vocab):
            self._read = id(nlp.vocab), read_counterfactuals(self.path, nlp)
        found = self._read[1].get(source_id(example.reference), [])
        if found:
            self._n_missed = None
        elif self._n_missed is not None:
            self._n_missed += 1
            if self._n_missed == MISSED:
                warnings.warn(NONE_OF_THEM.format(self.path, MISSED), stacklevel=2)
        return found


def _unscreened(path: Path, settings: SwapSettings) -> Callable[..., Iterator[Example]]:
    return partial(make_swaps, bank=read_bank(path), settings=settings)


def _screened(path: Path, settings: SwapSettings) -> Callable[..., Iterator[Example]]:
    return MadeSwaps(path, settings.per_example)


def read_counterfactuals(path: Path, nlp: Language) -> dict[str, list[Doc]]:
    """The generated Docs of a `.spacy` file by the source they were made of.

    Raises ValueError for a file without any.
    """
    register_counterfactual()
    made: dict[str, list[Doc]] = {}
    for doc in read_spacy(path, nlp.vocab):
        provenance = get_provenance(doc)
        if provenance:
            made.setdefault(provenance["source"], []).append(doc)
    if not made:
        raise ValueError(f"{path}: no Doc in it was made by swapping entities.")
    return made
