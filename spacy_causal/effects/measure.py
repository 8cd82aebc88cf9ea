"""What a pipeline reads, measured on annotated documents."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator, default_rng
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from spacy_causal.effects.counts import TypeCounts, entity_counts, token_counts
from spacy_causal.effects.forms import seen_and_unseen
from spacy_causal.effects.reading import INTERVENTIONS, read_intervened
from spacy_causal.effects.sites import find_sites
from spacy_causal.effects.swaps import Swap, count_survivals
from spacy_causal.effects.tables import SEEN, SWAPPED, UNSEEN, Table, tabulate
from spacy_causal.scorers.spans import AlignedSpans, Span

DocCounts = dict[str, TypeCounts]


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What was measured, and on what.

    n_docs, n_unannotated (int): Documents read, and left out for want of annotation.
    substituted (tuple[str, ...]): Pipes for which an empty token was a substitute word
        because their embeddings could not be emptied.
    samples, seed (int): Of the intervals.
    tables (dict[str, Table]): By name, as `tabulate` has them; no "forms" where no
        seen forms were given, no "swaps" without a swap.
    """

    n_docs: int
    n_unannotated: int
    substituted: tuple[str, ...]
    samples: int
    seed: int
    tables: dict[str, Table]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        tables = {
            name: {
                "overall": _plain(table.overall),
                "per_type": {
                    label: _plain(row) for label, row in table.per_type.items()
                },
            }
            for name, table in self.tables.items()
        }
        return {**vars(self), "substituted": list(self.substituted), "tables": tables}


def measure_effects(
    nlp: Language,
    docs: Sequence[Doc],
    *,
    forms: Collection[str] | None = None,
    swap: Swap | None = None,
    samples: int = 1000,
    seed: int = 0,
    batch_size: int = 64,
    on_batch: Callable[[int], Any] | None = None,
) -> Effects:
    """Measure ACE and RI of any pipeline that sets `doc.ents`; F1 on seen and unseen
    forms, and swap invariance, where what they take is given. Nothing is predicted
    twice for the intervals.

    docs (Sequence[Doc]): Annotated; predicted on their own tokens.
    forms (Collection[str] | None): Surface forms that training has seen.
    swap (Swap | None): Makes swapped documents.
    batch_size (int): Documents at a time; the pipeline reads three times as many.
    on_batch (Callable[[int], Any] | None): Is told how many documents were done.
    Raises ValueError where no document is annotated or no pipe sets entities.
    """
    known = [doc for doc in docs if doc.has_annotation("ENT_IOB")]
    if not any(len(doc) for doc in known):
        raise ValueError("No document is annotated with entities, or as having none.")
    sites = find_sites(nlp)
    for_swaps, for_samples = default_rng(seed).spawn(2)
    rows: list[DocCounts] = []
    for batch in minibatch(known, batch_size):
        rows.extend(_count_batch(nlp, batch, forms, swap, for_swaps))
        if on_batch is not None:
            on_batch(len(batch))
    tables = tabulate(rows, samples, for_samples)
    if forms is None:
        del tables["forms"]
    if swap is None:
        del tables["swaps"]
    return Effects(
        n_docs=len(known),
        n_unannotated=len(docs) - len(known),
        substituted=sites.substituted,
        samples=samples,
        seed=seed,
        tables=tables,
    )


def _count_batch(
    nlp: Language,
    docs: Sequence[Doc],
    forms: Collection[str] | None,
    swap: Swap | None,
    rng: Generator,
) -> list[DocCounts]:
    found = read_intervened(nlp, docs)
    rows = {
        name: [_align(doc, s) for doc, s in zip(docs, found[name], strict=True)]
        for name in INTERVENTIONS
    }
    plain = rows["none"]
    survived: list[TypeCounts] = [{} for _ in docs]
    if swap is not None:
        right = [[span for span in row.gold if span in row.predicted] for row in plain]
        survived = count_survivals(nlp, docs, right, swap, rng)
    counts = []
    for i, doc in enumerate(docs):
        cells: DocCounts = {SWAPPED: survived[i]}
        for name in INTERVENTIONS:
            cells[f"entity.{name}"] = entity_counts(rows[name][i])
            cells[f"token.{name}"] = token_counts(rows[name][i])
        if forms is not None:
            parts = seen_and_unseen(doc, plain[i].gold, plain[i].predicted, forms)
            cells[SEEN], cells[UNSEEN] = parts
        counts.append(cells)
    return counts


def _align(doc: Doc, predicted: Sequence[Span]) -> AlignedSpans:
    """Without predictions that touch missing annotation, as scorers have it."""
    known = np.array([token.ent_iob != 0 for token in doc], dtype=bool)
    gold = [(ent.label_, ent.start, ent.end) for ent in doc.ents]
    kept = [span for span in predicted if known[span[1] : span[2]].all()]
    return AlignedSpans(gold, kept, known)


def _plain(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: estimate._asdict() for name, estimate in row.items()}
