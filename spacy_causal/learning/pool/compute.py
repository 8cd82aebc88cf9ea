"""Views of pools, computed block by block."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc
from thinc.util import to_numpy

from spacy_causal.acquisition.gradients import CountSketch
from spacy_causal.corpus.bare import words_of
from spacy_causal.learning.pool.blocks import Arrays, Plan, read_block
from spacy_causal.learning.pool.labeller import Labeller
from spacy_causal.learning.pool.store import FileStore, MemoryStore, Store
from spacy_causal.learning.pool.transformers import check_precision
from spacy_causal.learning.pool.view import PoolView
from spacy_causal.learning.reading import memory_zone
from spacy_causal.types import Needs, Precision

BLOCK = 4096
EXACT_BYTES = MEMORY_BYTES = 2_000_000_000
Texts = Sequence[str | Doc]
Blocks = Iterable[tuple[int, Texts]]
ReadBlocks = Callable[[Sequence[Labeller], Blocks, Plan], Iterator[tuple[int, Arrays]]]
logger = logging.getLogger(__name__)


def view_pool(
    nlp: Language,
    component: str,
    pool: Mapping[str, str | Doc],
    needs: Needs,
    *,
    seed: int = 0,
    committee: Sequence[Language] = (),
    folder: Path | None = None,
    on_block: Callable[[int], Any] = lambda n: None,
    read_blocks: ReadBlocks | None = None,
    precision: Precision = "float32",
) -> PoolView:
    """Compute what is needed of a pool: each document is read once, in batches of like
    length, by the pipes before the component and then by the component.

    component (str): A `causal_ner`, `causal_tagger` or `tagger`.
    pool (Mapping[str, str | Doc]): By id. Of a Doc the words are read, and its tensor.
    committee (Sequence[Language]): Further pipelines that vote, each by its component
        of the same name.
    folder (Path | None): Where finished blocks are kept, under a digest of all that
        they depend on; called again, it goes on from them. None: memory, or a temporary
        folder for what takes more than 2 GB.
    on_block (Callable[[int], Any]): Is told how many documents are done.
    read_blocks (ReadBlocks | None): Reads blocks elsewhere; None: here.
    precision (Precision): In which transformers multiply: "bfloat16" is faster where
        the processor has it, and coarser.
    Raises ValueError for a component that cannot be read or reads only zeros, and for a
        precision that nothing multiplies in.
    """
    members = [Labeller(each, component) for each in (nlp, *committee)]
    if len(members) < needs.votes:
        raise ValueError(
            f"A committee of {needs.votes} pipelines is needed, not {len(members)}."
        )
    models = [model for member in members for model in member.transformers]
    check_precision(precision, models)
    ids, texts = list(pool), list(pool.values())
    plan = replace(make_plan(members, texts, needs, seed), precision=precision)
    store = _open_store(folder, members, pool, plan)
    blocks = [
        (i, texts[i * BLOCK : (i + 1) * BLOCK]) for i in range(-(-len(ids) // BLOCK))
    ]
    missing = [(i, part) for i, part in blocks if not store.has(i)]
    on_block(len(ids) - sum(len(part) for _, part in missing))
    for i, arrays in (read_blocks or read_here)(members, missing, plan):
        if isinstance(store, MemoryStore) and _bytes_of(arrays, blocks) > MEMORY_BYTES:
            store = store.move(FileStore.temporary())
        store.put(i, arrays)
        on_block(len(blocks[i][1]))
    arrays = store.gather()
    lengths = np.array(arrays.pop("lengths", ()), dtype=np.int64)
    words = partial(_words, nlp, texts) if needs.words else None
    return PoolView(ids, lengths, arrays, words, keep=store)


def read_here(
    members: Sequence[Labeller], blocks: Blocks, plan: Plan
) -> Iterator[tuple[int, Arrays]]:
    """Read one block after the other in this process."""
    for i, texts in blocks:
        yield i, read_block(members, texts, plan, i)


def make_plan(
    members: Sequence[Labeller], texts: Texts, needs: Needs, seed: int
) -> Plan:
    """Decide how gradients are held, from the size they would have."""
    n_tags = len({name for member in members for name in member.names})
    if needs.samples:
        part = "encoder and head" if members[0].drops_in_encoder else "head alone"
        logger.info("%d passes with dropout: the %s", needs.samples, part)
    if needs.gradients is None:
        return Plan(needs, seed, None, None, n_tags)
    n_columns = _gradient_width(members[0], texts)
    engine, size = needs.gradients, len(texts) * n_columns * 4
    if engine == "auto":
        engine = "exact" if size <= EXACT_BYTES else "sketch"
    if n_columns <= needs.sketch_width and engine == "sketch":
        engine = "exact"
    width = needs.sketch_width if engine == "sketch" else n_columns
    logger.info(
        "gradients: %s, %s documents by %s columns (exact rows: %.2f GB)",
        *(engine, f"{len(texts):,}", f"{width:,}", size / 1e9),
    )
    sketch = None
    if engine == "sketch":
        sketch = CountSketch.draw(n_columns, width, default_rng([seed, width]))
    return Plan(needs, seed, engine, sketch, n_tags)


def digest_of(
    members: Sequence[Labeller], pool: Mapping[str, str | Doc], plan: Plan
) -> str:
    """What tells one view from another: the pipelines, the pool, and what is asked."""
    asked = plan.needs, plan.seed, plan.precision, BLOCK
    digest = hashlib.sha256(repr(asked).encode())
    for member in members:
        digest.update(member.component.encode())
        digest.update(member.nlp.to_bytes(exclude=["strings"]))
    for id, text in pool.items():
        words: Any = text if isinstance(text, str) else words_of(text)
        tensor = b"" if isinstance(text, str) else to_numpy(text.tensor).tobytes()
        digest.update(repr((id, words)).encode("utf8", "surrogatepass") + tensor)
    return digest.hexdigest()[:16]


def _open_store(
    folder: Path | None,
    members: Sequence[Labeller],
    pool: Mapping[str, str | Doc],
    plan: Plan,
) -> Store:
    if folder is None:
        return MemoryStore()
    return FileStore(folder / digest_of(members, pool, plan))


def _gradient_width(labeller: Labeller, texts: Texts) -> int:
    """M · D, seen on the first document that has tokens."""
    with memory_zone(labeller.nlp):
        for text in texts:
            docs = labeller.prepare([text])
            if len(docs[0]):
                scores = labeller.score(labeller.read(docs))[0]
                return int(scores.logits.shape[1] * scores.hidden.shape[1])
    return 0


def _bytes_of(arrays: Arrays, blocks: Sequence[tuple[int, Texts]]) -> int:
    """What all blocks take if they are like this one."""
    return sum(array.nbytes for array in arrays.values()) * len(blocks)


def _words(nlp: Language, texts: Texts, place: int) -> Sequence[str]:
    text = texts[place]
    if not isinstance(text, str):
        return [token.lower_ for token in text]
    with memory_zone(nlp):
        return [token.lower_ for token in nlp.make_doc(text)]
