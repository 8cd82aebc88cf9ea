"""SeqMix: pairs drawn, mixed in the embedding space, and screened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from spacy.tokens import Doc

from spacy_causal.augment.seqmix.building import build_mix
from spacy_causal.augment.seqmix.mixing import mix_labels
from spacy_causal.augment.seqmix.pairing import Pair, Pairs, Window
from spacy_causal.augment.seqmix.parents import Parent, check_layer, tag_set_of
from spacy_causal.augment.seqmix.provenance import set_mix, set_perplexity
from spacy_causal.augment.seqmix.settings import SeqMixSettings
from spacy_causal.augment.seqmix.surface import cased_like
from spacy_causal.augment.seqmix.token_table import TokenTable
from spacy_causal.augment.verdicts import KEPT
from spacy_causal.numeric import mix
from spacy_causal.tags.scheme import TagSet
from spacy_causal.types import Screen, Verdict

BATCH = 64


@dataclass
class MixCounts:
    """What became of the pairs of a corpus.

    labelled (int): Docs that have tokens and a label.
    wanted (int): rate × labelled.
    windows (int): Windows that may be mixed.
    sequences (int): Docs that have such a window.
    pairs (int): Pairs of windows of two sequences that may be mixed.
    generated (int): New sequences, two per pair.
    refused (int): Those of them that were refused by their perplexity.
    kept (int): Those of them that are returned.
    """

    labelled: int = 0
    wanted: int = 0
    sequences: int = 0
    windows: int = 0
    pairs: int = 0
    generated: int = 0
    refused: int = 0
    kept: int = 0


class Mixed(NamedTuple):
    """A generated sequence, and what the screen says of it."""

    doc: Doc
    verdict: Verdict


def seqmix(
    docs: Sequence[Doc],
    table: TokenTable,
    *,
    layer: str = "ner",
    tag_set: TagSet | None = None,
    settings: SeqMixSettings | None = None,
    screen: Screen | None = None,
    rng: Generator,
) -> tuple[list[Doc], MixCounts]:
    """Generate sequences with soft labels of labelled ones.

    SeqMix (EMNLP 2020), algorithm 2, on pairs drawn at random rather than the first.
    See `Mixer` for the arguments.

    RETURNS (tuple[list[Doc], MixCounts]): rate × labelled new reference Docs, fewer
        where there are not so many; each carries `doc._.seqmix` and, unless hardened,
        targets of the layer.
    """
    mixer = Mixer.of(docs, table, layer=layer, tag_set=tag_set, settings=settings)
    kept = [mixed.doc for mixed in mixer.run(rng, screen) if mixed.verdict.kept]
    return kept, mixer.counts


@dataclass(frozen=True)
class Mixer:
    """A corpus made ready to be mixed."""

    parents: list[Parent]
    pairs: Pairs
    table: TokenTable
    layer: str
    tag_set: TagSet
    settings: SeqMixSettings
    counts: MixCounts

    @classmethod
    def of(
        cls,
        docs: Sequence[Doc],
        table: TokenTable,
        *,
        layer: str = "ner",
        tag_set: TagSet | None = None,
        settings: SeqMixSettings | None = None,
    ) -> "Mixer":
        """Read labelled Docs, and find where they may be mixed.

        layer (str): "ner", "tag" or "pos".
        tag_set (TagSet | None): In whose tags targets are spelled: the component's.
            None: the labels of these Docs, in BIO.
        Raises ValueError for an unknown layer, a label that is not in the tag set, and
            one that should be outside and is none.
        """
        check_layer(layer)
        settings = settings or SeqMixSettings()
        tag_set = tag_set or tag_set_of(docs, layer)
        known = {"O", *tag_set.names, *tag_set.labels}
        unknown = [name for name in settings.outside if name not in known]
        if unknown:
            raise ValueError(f"There is no label {', '.join(map(repr, unknown))}.")
        parents = [Parent.of(doc, layer, tag_set, table) for doc in docs]
        found = [p.windows(i, tag_set, settings) for i, p in enumerate(parents)]
        pairs = Pairs.of([window for windows in found for window in windows])
        labelled = sum(bool(parent.rows.any()) for parent in parents)
        counts = MixCounts(
            labelled=labelled,
            wanted=round(settings.rate * labelled),
            sequences=sum(1 for windows in found if windows),
            windows=len(pairs.windows),
            pairs=pairs.count,
        )
        return cls(parents, pairs, table, layer, tag_set, settings, counts)

    def run(self, rng: Generator, screen: Screen | None = None) -> Iterator[Mixed]:
        """Yield what is generated until enough is kept, and count it anew. The two of a
        pair stand or fall separately; a text that was there already is not made again.
        """
        counts, tried = self.counts, 0
        counts.generated = counts.refused = counts.kept = 0
        most = counts.wanted * self.settings.tries
        pairs = self.pairs.draw(rng)
        texts = {tuple(parent.words) for parent in self.parents}
        while counts.kept < counts.wanted and tried < most:
            size = min(BATCH, counts.wanted - counts.kept, most - tried)
            batch = list(islice(pairs, (size + 1) // 2))
            if not batch:
                return
            tried += 2 * len(batch)
            made = []
            for doc in self._mix(batch, rng):
                text = tuple(token.text for token in doc)
                if text not in texts:
                    texts.add(text)
                    made.append(doc)
            verdicts = (
                screen(made) if screen is not None and made else [KEPT] * len(made)
            )
            for doc, verdict in zip(made, verdicts, strict=True):
                if counts.kept == counts.wanted or counts.generated == most:
                    return
                set_perplexity(doc, verdict.score)
                counts.generated += 1
                counts.kept += verdict.kept
                counts.refused += not verdict.kept
                yield Mixed(doc, verdict)

    def _mix(self, pairs: Sequence[Pair], rng: Generator) -> Iterator[Doc]:
        """Two Docs a pair, the words of all of them found in one search."""
        shares = rng.beta(self.settings.alpha, self.settings.alpha, size=len(pairs))
        sizes = [pair.first.end - pair.first.start for pair in pairs]
        weights = np.repeat(shares, sizes)
        one = np.concatenate([self._entries(pair.first) for pair in pairs])
        two = np.concatenate([self._entries(pair.second) for pair in pairs])
        vectors = self.table.vectors
        queries = mix(vectors[one], vectors[two], weights)
        found = self.table.nearest(queries, self._excluded(one, two))
        rows = mix_labels(
            np.concatenate([self._rows(pair.first) for pair in pairs]),
            np.concatenate([self._rows(pair.second) for pair in pairs]),
            weights,
        )
        done = 0
        for pair, share, size in zip(pairs, shares.tolist(), sizes, strict=True):
            window = slice(done, done + size)
            words = [self.table.words[i] for i in found[window].tolist()]
            yield from self._build(pair, share, words, rows[window])
            done += size

    def _excluded(self, one: np.ndarray, two: np.ndarray) -> list[list[int]]:
        """Both parents of each query, in any casing."""
        words, spellings = self.table.words, self.table.spellings
        return [
            [*spellings(words[i]), *spellings(words[j])]
            for i, j in zip(one.tolist(), two.tolist(), strict=True)
        ]

    def _build(
        self, pair: Pair, share: float, words: Sequence[str], rows: np.ndarray
    ) -> Iterator[Doc]:
        first, second = (self.parents[window.sequence] for window in pair)
        written = [
            (first.written(pair.first.start + t), second.written(pair.second.start + t))
            for t in range(len(words))
        ]
        cased = [
            cased_like(word, *(both if share >= 0.5 else both[::-1]))
            for word, both in zip(words, written, strict=True)
        ]
        replaced = [[one.word for one in side] for side in zip(*written, strict=True)]
        for host, weight in ((0, share), (1, 1 - share)):
            parent, other = (first, second) if host == 0 else (second, first)
            window, others = (pair.first, pair.second) if host == 0 else pair[::-1]
            doc = build_mix(
                parent,
                window,
                cased,
                rows,
                layer=self.layer,
                tag_set=self.tag_set,
                hardened=self.settings.hardened,
            )
            set_mix(
                doc,
                layer=self.layer,
                parents=[parent.id, other.id],
                windows=[[window.start, window.end], [others.start, others.end]],
                weight=weight,
                replaced=replaced if host == 0 else replaced[::-1],
                tokens=[doc[i].text for i in range(window.start, window.end)],
                labels=[self._named(row) for row in rows],
            )
            yield doc

    def _named(self, row: np.ndarray) -> dict[str, float]:
        return {
            self.tag_set.names[i]: round(float(row[i]), 4)
            for i in np.flatnonzero(row).tolist()
        }

    def _entries(self, window: Window) -> np.ndarray:
        return self.parents[window.sequence].entries[window.start : window.end]

    def _rows(self, window: Window) -> np.ndarray:
        return self.parents[window.sequence].rows[window.start : window.end]
