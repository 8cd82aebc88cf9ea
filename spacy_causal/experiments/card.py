"""A model card's facts: what a trained pipeline is, learnt from and is worth."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.augment.provenance import get_provenance
from spacy_causal.augment.seqmix.provenance import get_mix
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.corpus.labels import entities_of, tags_of
from spacy_causal.effects.measure import Effects
from spacy_causal.learning.calibration import Calibration
from spacy_causal.scorers.spans import align_spans
from spacy_causal.scorers.strict import strict_scores
from spacy_causal.scorers.tokens import prf
from spacy_causal.targets.token_targets import get_targets
from spacy_causal.types import Confounder

Prf = Mapping[str, float | None]


class Counts(NamedTuple):
    """What is in a file.

    labels (dict[str, int]): Entities, or tags of tokens, by label: annotated, or
        certain in token targets.
    """

    name: str
    docs: int
    tokens: int
    labels: dict[str, int]


class Source(NamedTuple):
    """Where training documents got their labels.

    told, guessed, unknown (int): Tokens that have a label, a distribution over labels,
        or neither.
    """

    name: str
    docs: int
    told: int
    guessed: int
    unknown: int


class Answered(NamedTuple):
    """Answers of people, by the way they were asked."""

    way: str
    annotators: int
    texts: int
    answers: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """All that a card says.

    component (str | None): The `causal_ner` or `causal_tagger`; None where there is
        none, and then no calibration, confounders or adjustment either.
    unknown (Sequence[str]): Labels of the data that the component does not have.
    calibration (Calibration | None): `after` is at the pipeline's own temperature. None
        where labels are unknown.
    effects (Effects | None): None for a tagger.
    adjustment (dict[str, Any]): Settings of the head and of the interventions.
    """

    name: str
    version: str
    pipes: Sequence[str]
    layer: str
    component: str | None
    data: Counts
    train: Counts | None
    overall: Prf
    per_label: Mapping[str, Prf]
    effects: Effects | None
    calibration: Calibration | None
    unknown: Sequence[str] = ()
    confounders: Sequence[Confounder]
    adjustment: Mapping[str, Any]
    sources: Sequence[Source] = ()
    answered: Sequence[Answered] = ()
    command: str
    versions: Mapping[str, str] = field(default_factory=dict)


def count_labels(name: str, docs: Sequence[Doc], layer: str) -> Counts:
    """Count a file's documents, tokens and labels."""
    labels: Counter[str] = Counter()
    for doc in docs:
        if layer == "ner":
            labels.update(ent.label_ for ent in entities_of(doc))
        else:
            labels.update(tags_of(doc, layer))
    del labels[""]
    return Counts(name, len(docs), sum(map(len, docs)), dict(sorted(labels.items())))


def count_sources(docs: Sequence[Doc], layer: str) -> list[Source]:
    """Count training documents by what their labels come from."""
    counts: dict[str, list[int]] = {}
    for doc in docs:
        told, guessed = _supervised(doc, layer)
        row = counts.setdefault(_source_of(doc, layer), [0, 0, 0, 0])
        for i, n in enumerate((1, told, guessed, len(doc) - told - guessed)):
            row[i] += n
    return [Source(name, *counts[name]) for name in sorted(counts)]


def label_scores(
    nlp: Language, docs: Sequence[Doc], layer: str
) -> tuple[Prf, dict[str, Prf]]:
    """Precision, recall and F1 over all labels and of each: strict for entities, of
    tokens for tags; predicted on the annotation's own tokens."""
    read = nlp.pipe([bare_copy(doc, nlp.vocab) for doc in docs])
    if layer == "ner":
        examples = (Example(*pair) for pair in zip(read, docs, strict=True))
        scores = strict_scores(align_spans(examples))
        overall = {key: scores[f"ents_{key}"] for key in "prf"}
        return overall, scores["ents_per_type"] or {}
    rows: dict[str, list[int]] = {}
    for found, gold in zip(read, docs, strict=True):
        for i, label in _tags(gold, layer):
            said = getattr(found[i], f"{layer}_")
            rows.setdefault(label, [0, 0, 0])[2] += 1
            rows[label][0] += said == label
            if said:
                rows.setdefault(said, [0, 0, 0])[1] += 1
    total = [sum(column) for column in zip(*rows.values(), strict=True)] or [0, 0, 0]
    return prf(*total), {name: prf(*rows[name]) for name in sorted(rows)}


def adjustment_of(nlp: Language, component: str) -> dict[str, Any]:
    """The settings of a component's head, and of an encoder that intervenes, with
    variables (`${system.seed}`) filled in."""
    components = nlp.config.interpolate()["components"]
    config = components[component]["model"]
    found = dict(_plain(config.get("labeller", config)))
    for pipe in components.values():
        for block in _blocks(pipe):
            if "InterveningEncoder" in str(block.get("@architectures")):
                found.update({f"encoder: {k}": v for k, v in _plain(block)})
    return found


def _supervised(doc: Doc, layer: str) -> tuple[int, int]:
    targets = get_targets(doc, layer)
    if targets is not None:
        told, guessed, _ = targets.count_rows()
        return told, guessed
    if layer == "ner":
        return sum(token.ent_iob != 0 for token in doc), 0
    return sum(bool(getattr(token, f"{layer}_")) for token in doc), 0


def _source_of(doc: Doc, layer: str) -> str:
    if get_provenance(doc) is not None:
        return "entity swaps"
    if get_mix(doc) is not None:
        return "mixed sequences"
    if get_targets(doc, layer) is not None:
        return "answers and other token targets"
    return "annotation"


def _tags(doc: Doc, layer: str) -> Iterator[tuple[int, str]]:
    for token in doc:
        label = getattr(token, f"{layer}_")
        if label and not token.is_space:
            yield token.i, label


def _plain(block: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The settings of a block that are set, and no blocks themselves."""
    unset = (Mapping, type(None))
    return ((k, v) for k, v in block.items() if not isinstance(v, unset))


def _blocks(block: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield block
    for value in block.values():
        if isinstance(value, Mapping):
            yield from _blocks(value)
