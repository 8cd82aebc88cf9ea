"""`spacy-causal.counterfactual.v1`: entity swaps as spaCy's readers augment."""

from collections.abc import Callable, Iterator
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
        counterfactuals, found again by the text they were made of, or a `.json` bank of
        entities.
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


def draw_made_swaps(
    nlp: Language,
    example: Example,
    *,
    made: Callable[[Language], dict[str, list[Doc]]],
    count: int,
    rng: Generator,
) -> Iterator[Example]:
    """Some of the counterfactuals that were made of an example before."""
    found = made(nlp).get(source_id(example.reference), [])
    if found:
        cut = cut_like(nlp, example)
        for i in sorted(rng.permutation(len(found))[:count].tolist()):
            yield Example(cut(found[i]).predicted, found[i])


def _unscreened(path: Path, settings: SwapSettings) -> Callable[..., Iterator[Example]]:
    return partial(make_swaps, bank=read_bank(path), settings=settings)


def _screened(path: Path, settings: SwapSettings) -> Callable[..., Iterator[Example]]:
    read: dict[int, dict[str, list[Doc]]] = {}

    def made(nlp: Language) -> dict[str, list[Doc]]:
        """The file, read once a vocabulary."""
        if id(nlp.vocab) not in read:
            read.clear()
            read[id(nlp.vocab)] = read_counterfactuals(path, nlp)
        return read[id(nlp.vocab)]

    return partial(draw_made_swaps, made=made, count=settings.per_example)


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
