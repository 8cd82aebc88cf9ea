"""A block of a pool, read in one go: the arrays that its documents leave."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from spacy.tokens import Doc
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d

from spacy_causal.acquisition.gradients import CountSketch, embed_batch, label_errors
from spacy_causal.acquisition.uncertainty import mutual_information
from spacy_causal.learning.pool.labeller import Labeller
from spacy_causal.learning.pool.transformers import computing_in, word_pieces
from spacy_causal.learning.reading import memory_zone
from spacy_causal.numeric import entropy, log_softmax, softmax
from spacy_causal.tags.decode import decode
from spacy_causal.tags.scheme import TagSet
from spacy_causal.types import Engine, Needs, Precision, TokenScores

Arrays = dict[str, np.ndarray]
# The names of tags, and a row of them for each token.
Cast = tuple[Sequence[str], Ints1d]
# These arrays have one row for each token, all others one for each document.
BY_TOKEN = ("probabilities", "hidden", "votes", "samples", "information")
BATCH_WORDS, BATCH_DOCS = 2048, 128
# On a CPU larger batches do not make a transformer's products faster and need more
# padding; a GPU may want more.
BATCH_PIECES = 768
ROWS_AT_ONCE = 16


@dataclass(frozen=True)
class Plan:
    """What is read of each block, and from which random numbers.

    engine (Engine | None): How gradients are held, "auto" decided.
    sketch (CountSketch | None): Where they are sketched.
    n_tags (int): Of the committee together.
    precision (Precision): In which transformers multiply.
    """

    needs: Needs
    seed: int
    engine: Engine | None
    sketch: CountSketch | None
    n_tags: int
    precision: Precision = "float32"

    @property
    def asks(self) -> bool:
        """Whether anything is asked of a model."""
        return replace(self.needs, words=False) != Needs(
            dropout=self.needs.dropout, sketch_width=self.needs.sketch_width
        )


def read_block(
    committee: Sequence[Labeller],
    texts: Sequence[str | Doc],
    plan: Plan,
    block: int,
) -> Arrays:
    """Read documents in batches of like length; nothing else of them remains.

    committee (Sequence[Labeller]): The first one is asked for all but votes.
    RETURNS (dict[str, np.ndarray]): In the order of the texts, by name: "lengths" and
        what the plan's needs name, as `BY_TOKEN` says.
    """
    rows: list[tuple[Ints1d, Arrays]] = []
    models = [model for each in committee for model in each.transformers]
    with ExitStack() as zones, computing_in(plan.precision, models):
        for each in committee:
            zones.enter_context(memory_zone(each.nlp))
        docs = dict(enumerate(committee[0].prepare(texts)))
        lengths = np.array([len(doc) for doc in docs.values()], dtype=np.int64)
        batches = _batches(committee[0], docs, lengths) if plan.asks else ()
        for number, places in enumerate(batches):
            # Popped: what pipes write on Docs, mostly vectors, is freed with the batch.
            batch = [docs.pop(i) for i in places]
            seed = int(np.random.SeedSequence([plan.seed, block, number])
                       .generate_state(1)[0])  # fmt: skip
            # Copied now: the first one's pipes leave their vectors on the Docs.
            others = [
                (member, member.prepare(batch))
                for member in (committee[1:] if plan.needs.votes else ())
            ]
            said = read_batch(committee[0], batch, plan, seed)
            if plan.needs.votes:
                own = committee[0].names, said["votes"]
                cast = [own, *(votes_of(*other) for other in others)]
                said["votes"] = smallest(by_name(cast), plan.n_tags)
            rows.append((places, said))
    return {"lengths": lengths, **_in_order(rows, lengths)}


def batches_by_length(lengths: Ints1d, most: int = BATCH_WORDS) -> Iterator[Ints1d]:
    """Places of like lengths, the shortest first, those without tokens left out.

    most (int): Tokens of a batch, with what pads them, unless one document has more.
    """
    order = [int(i) for i in np.argsort(lengths, kind="stable") if lengths[i]]
    batch: list[int] = []
    for i in order:
        full = (len(batch) + 1) * int(lengths[i]) > most
        if batch and (full or len(batch) == BATCH_DOCS):
            yield np.array(batch)
            batch = []
        batch.append(i)
    if batch:
        yield np.array(batch)


def read_batch(
    labeller: Labeller, docs: Sequence[Doc], plan: Plan, seed: int
) -> Arrays:
    """What one component says of a batch, documents with tokens only."""
    needs, to_numpy = plan.needs, labeller.pipe.model.ops.to_numpy
    docs = labeller.read(docs)
    scores, vectors, head = labeller.score(docs)
    logits, hidden = to_numpy(scores.logits), to_numpy(scores.hidden)
    said: Arrays = {}
    if needs.probabilities or plan.engine == "factors":
        said["probabilities"] = softmax(logits).astype(np.float32)
    if needs.hidden or plan.engine == "factors":
        said["hidden"] = halved(hidden)
    starts = np.cumsum([0, *scores.lengths[:-1]])
    if needs.votes:
        said["votes"] = logits.argmax(axis=1)
    if needs.embeddings:
        sums = np.add.reduceat(hidden, starts, axis=0)
        said["embeddings"] = sums / np.array(scores.lengths, dtype=np.float32)[:, None]
    if needs.best:
        said["best"] = best_log_probability(logits, scores.lengths, labeller.tag_set)
    if plan.engine in ("exact", "sketch"):
        said["gradients"] = _gradient_rows(logits, hidden, scores, plan.sketch)
    if needs.samples:
        passes = labeller.sample(
            docs, vectors, head,
            samples=needs.samples, dropout=needs.dropout, seed=seed,
        )  # fmt: skip
        said["samples"], said["information"] = summarise(passes, len(labeller.names))
    return said


def best_log_probability(
    logits: Floats2d, lengths: Sequence[int], tag_set: TagSet | None
) -> Floats1d:
    """log P of each document's best sequence that its scheme allows, tags independent
    given the document, shape (n,); `lengths` are positive.

    logits (Floats2d): Shape (N, M).
    """
    best = logits.argmax(1) if tag_set is None else decode(logits, lengths, tag_set)
    each = log_softmax(logits.astype(np.float64))[np.arange(len(best)), best]
    return np.add.reduceat(each, np.cumsum([0, *lengths[:-1]]))


def summarise(
    passes: Iterator[np.ndarray], n_tags: int
) -> tuple[np.ndarray, np.ndarray]:
    """The tags of each pass, shape (N, S), and I(tag; weights), shape (N,).

    passes (Iterator[Floats3d]): Probabilities, shape (s, N, M), s summing to S.
    """
    tags, mean, own, n = [], 0.0, 0.0, 0
    for part in passes:
        tags.append(part.argmax(axis=2).T)
        mean = mean + part.sum(axis=0, dtype=np.float64)
        own = own + entropy(part).sum(axis=0, dtype=np.float64)
        n += len(part)
    information = mutual_information(mean / n, own / n)
    return smallest(np.hstack(tags), n_tags), information.astype(np.float32)


def votes_of(member: Labeller, docs: Sequence[Doc]) -> Cast:
    """A component's tags, and their likeliest for each token, shape (N,)."""
    said = member.score(member.read(docs))[0].logits
    return member.names, member.pipe.model.ops.to_numpy(said).argmax(axis=1)


def by_name(cast: Sequence[Cast]) -> Ints2d:
    """Everyone's tags, shape (N, C): equal names are equal numbers."""
    names: dict[str, int] = {}
    columns = []
    for own, votes in cast:
        shared = [names.setdefault(name, len(names)) for name in own]
        columns.append(np.array(shared)[votes])
    return np.stack(columns, axis=1)


def smallest(tags: np.ndarray, n_tags: int) -> np.ndarray:
    """Tags in one byte each where they fit, else in two."""
    return tags.astype(np.uint8 if n_tags <= 2**8 else np.uint16)


def halved(rows: np.ndarray) -> np.ndarray:
    """Half precision, unless a value does not fit it."""
    limit = np.finfo(np.float16).max
    fits = not rows.size or abs(rows).max() < limit
    return rows.astype(np.float16) if fits else rows.astype(np.float32)


def _batches(
    labeller: Labeller, docs: Mapping[int, Doc], lengths: Ints1d
) -> Iterator[Ints1d]:
    """Of like numbers of word pieces where a transformer reads them, else of words."""
    pieces = word_pieces(labeller.transformers, list(docs.values()))
    if pieces is None:
        return batches_by_length(lengths)
    sizes = np.where(lengths > 0, np.maximum(pieces, 1), 0)
    return batches_by_length(sizes, BATCH_PIECES)


def _gradient_rows(
    logits: Floats2d, hidden: Floats2d, scores: TokenScores, sketch: CountSketch | None
) -> Floats2d:
    errors = label_errors(softmax(logits))
    if sketch is None:
        return embed_batch(errors, hidden, scores.lengths)
    edges = list(accumulate(scores.lengths, initial=0))
    parts = []
    for at in range(0, len(scores.lengths), ROWS_AT_ONCE):
        lengths = scores.lengths[at : at + ROWS_AT_ONCE]
        tokens = slice(edges[at], edges[at + len(lengths)])
        parts.append(sketch(embed_batch(errors[tokens], hidden[tokens], lengths)))
    return np.vstack(parts)


def _in_order(rows: list[tuple[Ints1d, Arrays]], lengths: Ints1d) -> Arrays:
    """Put what batches gave where their documents stand; no tokens: zeros."""
    if not rows:
        return {}
    edges = np.cumsum([0, *lengths])
    found: Arrays = {}
    for name in rows[0][1]:
        parts: list[Any] = [said[name] for _, said in rows]
        n = edges[-1] if name in BY_TOKEN else len(lengths)
        kind = np.result_type(*parts)
        whole = np.zeros((n, *parts[0].shape[1:]), dtype=kind)
        for (places, _), part in zip(rows, parts, strict=True):
            if name not in BY_TOKEN:
                whole[places] = part
                continue
            ends = np.cumsum(lengths[places])
            for place, (start, end) in zip(places, pairwise([0, *ends]), strict=True):
                whole[edges[place] : edges[place + 1]] = part[start:end]
        found[name] = whole
    return found
