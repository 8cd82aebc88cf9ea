"""What a row of CFGen's protocol says of a pipeline, from three readings of a text."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.effects.ace import average_causal_effects, f1
from spacy_causal.effects.counts import (
    TypeCounts,
    entity_counts,
    stack_counts,
    strict_counts,
    token_counts,
)
from spacy_causal.effects.forms import seen_and_unseen
from spacy_causal.effects.reading import INTERVENTIONS, read_intervened, read_spans
from spacy_causal.scorers.spans import AlignedSpans, Span

DIGITS = 4


def relaxed_f1(nlp: Language, docs: Sequence[Doc]) -> float:
    """Micro F1 over entities of one type that overlap; 0 where there is nothing."""
    found = read_spans(nlp, [bare_copy(doc, nlp.vocab) for doc in docs])
    rows = [
        {"relaxed": entity_counts(_row(doc, spans))}
        for doc, spans in zip(docs, found, strict=True)
    ]
    value = _f1(rows, ["relaxed"])["relaxed"]["all"]
    return 0.0 if np.isnan(value) else value


def full_scores(
    nlp: Language,
    docs: Sequence[Doc],
    forms: Collection[str],
    *,
    batch_size: int = 128,
) -> dict[str, Any]:
    """Relaxed, strict and token F1, strict F1 on mentions of seen and unseen forms, F1
    by type, and ACE_C, ACE_E and RI (CFGen, EMNLP 2020, eqs. 3 and 4) of entities and
    of tokens.

    docs (Sequence[Doc]): Annotated at every token.
    forms (Collection[str]): Surface forms in the training text.
    RETURNS (dict[str, Any]): Plain values; None where nothing could be counted.
    """
    rows: list[dict[str, TypeCounts]] = []
    for batch in minibatch(docs, batch_size):
        found = read_intervened(nlp, batch)
        for i, doc in enumerate(batch):
            rows.append(_counts(doc, {n: found[n][i] for n in INTERVENTIONS}, forms))
    cells = list(rows[0])
    by_type = _f1(rows, cells)
    values = {cell: by_type[cell]["all"] for cell in cells}
    scores = {
        name: values[name] for name in ("relaxed", "strict", "token", "seen", "unseen")
    }
    for level, plain in (("entity", "relaxed"), ("token", "token")):
        effects = average_causal_effects(
            *(np.array(values[c]) for c in (plain, f"{level}_c0", f"{level}_e0"))
        )
        names = (f"ace_c_{level}", f"ace_e_{level}", f"ri_{level}")
        scores |= dict(zip(names, map(float, effects), strict=True))
    numbers = _numbers(scores)
    per_type = {
        label: _numbers({cell: by_type[cell][label] for cell in ("relaxed", "strict")})
        for label in sorted(by_type["strict"])
        if label != "all"
    }
    mentions = [ent.text in forms for doc in docs for ent in doc.ents]
    return {
        **numbers,
        "n_seen": sum(mentions),
        "n_unseen": len(mentions) - sum(mentions),
        "per_type": per_type,
    }


def _counts(
    doc: Doc, found: Mapping[str, Sequence[Span]], forms: Collection[str]
) -> dict[str, TypeCounts]:
    plain, do_c0, do_e0 = (_row(doc, found[name]) for name in INTERVENTIONS)
    seen, unseen = seen_and_unseen(doc, plain.gold, plain.predicted, forms)
    return {
        "relaxed": entity_counts(plain),
        "strict": strict_counts(plain.gold, plain.predicted),
        "token": token_counts(plain),
        "seen": seen,
        "unseen": unseen,
        "entity_c0": entity_counts(do_c0),
        "entity_e0": entity_counts(do_e0),
        "token_c0": token_counts(do_c0),
        "token_e0": token_counts(do_e0),
    }


def _row(doc: Doc, predicted: Sequence[Span]) -> AlignedSpans:
    gold = [(ent.label_, ent.start, ent.end) for ent in doc.ents]
    return AlignedSpans(gold, [*predicted], np.ones(len(doc), dtype=bool))


def _f1(
    rows: Sequence[Mapping[str, TypeCounts]], cells: Sequence[str]
) -> dict[str, dict[str, float]]:
    counts, labels = stack_counts(rows, cells)
    values = f1(counts.sum(axis=0))
    return {
        cell: dict(zip([*labels, "all"], values[i].tolist(), strict=True))
        for i, cell in enumerate(cells)
    }


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {
        name: None if np.isnan(value) else round(value, DIGITS)
        for name, value in values.items()
    }
