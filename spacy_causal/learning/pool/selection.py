"""From a file with a pool to the passages to annotate next."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.random import default_rng
from spacy.language import Language

from spacy_causal.corpus.records import Problem
from spacy_causal.learning.pool.compute import ReadBlocks, view_pool
from spacy_causal.learning.pool.source import (
    Passage,
    Split,
    cut_texts,
    read_passages,
)
from spacy_causal.learning.pool.view import PoolView
from spacy_causal.types import Acquire, Budget, Needs, Precision

LABELLED = "labelled "


@dataclass(frozen=True)
class Selection:
    """What was chosen, and out of what.

    passages (list[Passage]): The first choice first.
    words (list[int]): Of each of them.
    """

    passages: list[Passage]
    words: list[int]
    view: PoolView


@dataclass(frozen=True)
class Pool:
    """A pool read from files.

    passages (dict[str, Passage]): By id; without what is labelled already, and of texts
        that are there several times the first.
    labelled (dict[str, Passage]): By an id that no passage of the pool has.
    problems (list[Problem]): Lines that were skipped.
    n_known (int): Passages left out since they are labelled.
    n_repeated (int): Passages left out since they repeat one before them.
    """

    passages: dict[str, Passage]
    labelled: dict[str, Passage]
    problems: list[Problem]
    n_known: int
    n_repeated: int

    def read_by(self, needs: Needs) -> dict[str, Passage]:
        """What is read: labelled passages only where they are compared with."""
        return self.passages | self.labelled if needs.labelled else self.passages


def read_pool(
    path: Path, nlp: Language, split: Split = "none", labelled: Sequence[Path] = ()
) -> Pool:
    """Read a pool, and leave out the texts that are labelled or repeat another one,
    whatever white space there is at their ends; of a pool cut into sentences or lines,
    those of labelled texts.

    labelled (Sequence[Path]): Files of the same kinds; the batches chosen before will
        do.
    """
    problems: list[Problem] = []

    def read(path: Path, split: Split) -> Iterator[Passage]:
        for passage in read_passages(path, nlp.vocab, split):
            if isinstance(passage, Problem):
                problems.append(passage)
            else:
                yield passage

    known = {
        f"{LABELLED}{number}:{passage.id}": passage
        for number, file in enumerate(labelled, start=1)
        for passage in read(file, "none")
    }
    # A Doc's text may end in a space, which lines of JSON are read without.
    texts = {passage.text.strip() for passage in known.values()}
    for passage in known.values() if split != "none" else ():
        texts |= {text.strip() for text in cut_texts(passage, nlp.vocab.lang, split)}
    first: dict[str, Passage] = {}
    n_known = n_repeated = 0
    for passage in read(path, split):
        text = passage.text.strip()
        n_known += text in texts
        n_repeated += text in first
        if text not in texts:
            first.setdefault(text, passage)
    found = {passage.id: passage for passage in first.values()}
    return Pool(found, known, problems, n_known, n_repeated)


def select_next(
    nlp: Language,
    component: str,
    pool: Pool,
    acquire: Acquire,
    budget: Budget,
    *,
    seed: int = 0,
    committee: Sequence[Language] = (),
    folder: Path | None = None,
    on_block: Callable[[int], Any] = lambda n: None,
    read_blocks: ReadBlocks | None = None,
    precision: Precision = "float32",
) -> Selection:
    """Look at a pool and choose from it; `view_pool` says what the settings are."""
    looked_at = pool.read_by(acquire.needs)
    texts = {
        id: passage.text if passage.doc is None else passage.doc
        for id, passage in looked_at.items()
    }
    labelled = [id for id in pool.labelled if id in looked_at]
    view = view_pool(
        nlp, component, texts, acquire.needs, seed=seed, committee=committee,
        folder=folder, on_block=on_block, read_blocks=read_blocks, precision=precision,
    )  # fmt: skip
    chosen = acquire(view, labelled, list(pool.passages), budget, default_rng(seed))
    words = view.lengths(chosen).tolist()
    return Selection([pool.passages[id] for id in chosen], words, view)
