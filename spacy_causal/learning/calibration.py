"""A component's confidences on annotated Docs, and the temperature fitted to them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.display.mentions import mention_probabilities
from spacy_causal.learning.reading import scores_of
from spacy_causal.numeric import softmax
from spacy_causal.pipeline.causal_ner import trim_spans
from spacy_causal.pipeline.examples import target_rows
from spacy_causal.scorers.calibration import (
    area_under_risk_coverage,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability,
    risk_coverage,
)
from spacy_causal.tags.decode import decode, spans_of_tags
from spacy_causal.types import TokenScores


class Judged(NamedTuple):
    """How sure a component was of N tokens or mentions, and whether it was right.

    confidence, correct (Floats1d): In [0, 1], shape (N,).
    """

    confidence: Floats1d
    correct: Floats1d


@dataclass(frozen=True)
class Scored:
    """What a component says of annotated Docs, and what is right.

    logits, targets (Floats2d): Shape (N, M); zeros for a target that is missing.
    tags (Ints1d): As decoded, shape (N,).
    mentions (Ints2d | None): Those found, on the N tokens, shape (U, 2); without those
        that touch missing annotation. None where labels mark no spans.
    right (Floats1d): Whether a mention is annotated, with its type, shape (U,).
    """

    logits: Floats2d
    targets: Floats2d
    tags: Ints1d
    mentions: Ints2d | None
    right: Floats1d

    @property
    def known(self) -> np.ndarray:
        """Tokens with a target, shape (N,)."""
        return self.targets.any(axis=1)

    def judge_tokens(self, temperature: float) -> Judged:
        """The highest P(tag) of each token with a target."""
        p = softmax(self.logits[self.known] / temperature)
        best = p.argmax(axis=1)[:, None]
        correct = np.take_along_axis(self.targets[self.known], best, axis=1)[:, 0]
        return Judged(p.max(axis=1, initial=0), correct)

    def judge_mentions(self, temperature: float) -> Judged:
        """The probability of each mention, as `doc.spans` has it."""
        assert self.mentions is not None
        logits = self.logits / temperature
        return Judged(
            mention_probabilities(logits, self.tags, self.mentions), self.right
        )


@dataclass(frozen=True)
class Quality:
    """How far confidences of one kind can be used.

    n (int): Tokens or mentions.
    error (float | None): The share that is wrong; None of nothing, as the others.
    ece (float | None): Expected calibration error, 15 bins of equal width.
    aurc (float | None): The area under the risk-coverage curve.
    """

    n: int
    error: float | None
    ece: float | None
    aurc: float | None


@dataclass(frozen=True)
class Figures:
    """Measured at one temperature; `mentions` is None where labels mark no spans.

    nll (float | None): Mean negative log-likelihood of a token in nats.
    """

    nll: float | None
    tokens: Quality
    mentions: Quality | None


@dataclass(frozen=True)
class Calibration:
    """What temperature scaling did.

    temperature (float): As fitted.
    before, after (Figures): At a temperature of 1, and at the one fitted.
    """

    component: str
    temperature: float
    before: Figures
    after: Figures

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def score_docs(
    nlp: Language,
    component: str,
    docs: Sequence[Doc],
    *,
    on_batch: Callable[[int], Any] | None = None,
) -> Scored:
    """Let a component read annotated Docs, on their own tokens.

    docs (Sequence[Doc]): With annotation or token targets; what is missing is left out.
    on_batch (Callable[[int], Any] | None): Is told how many documents were done.
    Raises ValueError for a label that it does not have, or when nothing is annotated.
    """
    pipe: Any = nlp.get_pipe(component)
    parts: list[Scored] = []
    golds = iter(docs)
    for read, scores in scores_of(nlp, component, [bare_copy(doc) for doc in docs]):
        examples = [Example(doc, next(golds)) for doc in read]
        parts.append(_score_batch(pipe, examples, scores))
        if on_batch is not None:
            on_batch(len(read))
    if not any(part.known.any() for part in parts):
        raise ValueError(f"No document is annotated with what {component!r} predicts.")
    offsets = accumulate((len(part.logits) for part in parts), initial=0)
    mentions = [
        part.mentions + offset
        for part, offset in zip(parts, offsets, strict=False)
        if part.mentions is not None
    ]
    return Scored(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.tags for part in parts]),
        np.concatenate(mentions) if mentions else None,
        np.concatenate([part.right for part in parts]),
    )


def fit(scored: Scored) -> float:
    """The temperature with the least NLL of the tokens that have a target."""
    known = scored.known
    return fit_temperature(scored.logits[known], scored.targets[known])


def measure(scored: Scored, temperature: float) -> Figures:
    """The figures at a temperature."""
    known = scored.known
    nll = negative_log_likelihood(
        scored.logits[known], scored.targets[known], temperature
    )
    mentions = None
    if scored.mentions is not None:
        mentions = _quality(scored.judge_mentions(temperature))
    return Figures(_number(nll), _quality(scored.judge_tokens(temperature)), mentions)


def _score_batch(pipe: Any, examples: list[Example], scores: TokenScores) -> Scored:
    logits = pipe.model.ops.to_numpy(scores.logits)
    tags = decode(logits, scores.lengths, pipe.tag_set)
    targets = target_rows(examples, pipe.layer, pipe.tag_set)
    if pipe.tag_set.scheme == "token":
        return Scored(logits, targets, tags, None, np.zeros(0))
    found = spans_of_tags(tags, scores.lengths, pipe.tag_set)
    places: list[tuple[int, int]] = []
    right: list[bool] = []
    offsets = accumulate(scores.lengths, initial=0)
    for example, spans, offset in zip(examples, found, offsets, strict=False):
        doc = example.reference
        gold = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
        for start, end, label in trim_spans(doc, spans):
            if all(token.ent_iob for token in doc[start:end]):
                places.append((offset + start, offset + end))
                right.append((start, end, pipe.labels[label]) in gold)
    mentions = np.array(places, dtype=int).reshape(-1, 2)
    return Scored(logits, targets, tags, mentions, np.array(right, dtype=float))


def _quality(judged: Judged) -> Quality:
    n = len(judged.correct)
    return Quality(
        n,
        float(1 - judged.correct.mean()) if n else None,
        _number(expected_calibration_error(reliability(*judged))),
        _number(area_under_risk_coverage(risk_coverage(*judged))),
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
