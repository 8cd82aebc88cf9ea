"""Sentences that two trained pipelines read differently."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

Span = tuple[int, int, str]


class Reading(NamedTuple):
    """One text, the entities annotated and those each arm found, by characters."""

    text: str
    gold: list[Span]
    found: dict[str, list[Span]]


class Comparison(NamedTuple):
    """How arms differ on a test; `nearest` counts, per arm, the texts it reads best."""

    n_texts: int
    n_differ: int
    nearest: dict[str, int]
    shown: list[Reading]


def compare(
    pipelines: Mapping[str, Language], golds: Sequence[Doc], *, limit: int = 12
) -> Comparison:
    """Compare pipelines on annotated Docs.

    limit (int): Differing texts to show, spread evenly over all of them.
    """
    texts = [doc.text for doc in golds]
    found = {arm: _read(nlp.pipe(texts)) for arm, nlp in pipelines.items()}
    readings = [
        Reading(doc.text, gold, {arm: spans[i] for arm, spans in found.items()})
        for i, (doc, gold) in enumerate(zip(golds, _read(golds), strict=True))
    ]
    differ = [r for r in readings if len({tuple(s) for s in r.found.values()}) > 1]
    nearest = dict.fromkeys(pipelines, 0)
    for reading in differ:
        for arm in _nearest(reading):
            nearest[arm] += 1
    return Comparison(len(readings), len(differ), nearest, _evenly(differ, limit))


def _read(docs: Iterable[Doc]) -> list[list[Span]]:
    return [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs]


def _nearest(reading: Reading) -> list[str]:
    gold = set(reading.gold)
    wrong = {arm: len(gold ^ set(spans)) for arm, spans in reading.found.items()}
    best = min(wrong.values())
    arms = [arm for arm, n in wrong.items() if n == best]
    return arms if len(arms) == 1 else []


def _evenly(readings: Sequence[Reading], limit: int) -> list[Reading]:
    n = min(limit, len(readings))
    return [readings[i * len(readings) // n] for i in range(n)]
