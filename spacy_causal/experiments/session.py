"""A simulated session: K labels shown, answers given, the model learning from them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator
from spacy.tokens import Doc

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.display.candidates import type_names
from spacy_causal.experiments.streaming import OUTSIDE, classes_of
from spacy_causal.experiments.users import SimulatedUser
from spacy_causal.learning.answers import Answer, Unit
from spacy_causal.learning.learner import Learner, UpdateReport
from spacy_causal.types import Candidates

Keep = Callable[[Answer, Generator], bool]


@dataclass(frozen=True)
class SessionStep:
    """What happened in one batch of a session.

    texts, questions (int): Texts read, questions asked.
    counted (int): Questions about tokens or mentions that bear a class, "O" not one.
    shown (int): Of those counted, how many had their class among the K.
    frequent, random (float): How many would have had it among the K most frequent
        classes, and how many among K drawn at random (their expected number).
    report (UpdateReport): What the learner made of the answers.
    """

    texts: int
    questions: int
    counted: int
    shown: int
    frequent: int
    random: float
    report: UpdateReport


def simulate_session(
    learner: Learner,
    docs: Sequence[Doc],
    user: SimulatedUser,
    *,
    frequent: Sequence[str],
    batch_size: int = 32,
    keep: Keep | None = None,
    rng: Generator,
) -> Iterator[SessionStep]:
    """Ask a user about every text of a stream once, the model learning batch by batch.

    learner (Learner): Its pipeline has a `candidate_scorer` after the component.
    docs (Sequence[Doc]): Annotated; what is missing there is not asked about.
    frequent (Sequence[str]): The classes, the most frequent first, to compare with.
    keep (Keep | None): Whether an answer is learnt from, e.g. by its importance.
    """
    nlp = learner.nlp
    scorer: Any = nlp.get_pipe("candidate_scorer")
    pipe: Any = nlp.get_pipe(learner.component)
    unit = scorer.display.unit_of(pipe.tag_set)
    n_shown_from = len(type_names(pipe.tag_set) if unit == "token" else pipe.labels)
    for start in range(0, len(docs), batch_size):
        batch = docs[start : start + batch_size]
        scorer.round = start // batch_size
        counts = [0, 0, 0, 0, 0.0]
        read = nlp.pipe([bare_copy(doc) for doc in batch])
        for number, (doc, asked) in enumerate(zip(batch, read, strict=True), start):
            truths = truths_of(doc, asked._.candidates, pipe.layer, unit)
            answers = []
            for question, truth in truths:
                _count(counts, question, truth, frequent, n_shown_from)
                answer = Answer(
                    str(number),
                    question.start,
                    question.end,
                    question.labels,
                    user(question.labels, truth, rng),
                    unit=unit,
                    seed=scorer.seed,
                    round=scorer.round,
                    propensities=_propensities(question),
                )
                if keep is None or keep(answer, rng):
                    answers.append(answer)
            learner.answer(doc, answers)
        n_asked, counted, shown, n_frequent, n_random = counts
        yield SessionStep(
            len(batch),
            int(n_asked),
            int(counted),
            int(shown),
            int(n_frequent),
            n_random,
            learner.update(),
        )


def truths_of(
    doc: Doc, questions: Sequence[Candidates], layer: str, unit: Unit
) -> list[tuple[Candidates, str]]:
    """The questions that an annotated Doc can answer, with the true class of each; a
    mention is of a type only if an entity of just these tokens is there."""
    classes = classes_of(doc, layer)
    spans = {(ent.start, ent.end): ent.label_ for ent in doc.ents}
    truths = []
    for question in questions:
        of_tokens = classes[question.start : question.end]
        if all(of_tokens):
            of_span = spans.get((question.start, question.end), OUTSIDE)
            truths.append((question, of_tokens[0] if unit == "token" else of_span))
    return truths


def importance_filter(weights: dict[str, float]) -> Keep:
    """Learn from an answer with a probability proportional to its class's weight: in
    expectation the weighted loss of importance sampling. Answers that name no class,
    or one without a weight, are kept."""
    most = max(weights.values(), default=1.0)

    def keep(answer: Answer, rng: Generator) -> bool:
        if answer.chosen is None:
            return True
        return bool(rng.random() * most < weights.get(answer.chosen, most))

    return keep


def _propensities(question: Candidates) -> tuple[float, ...] | None:
    if question.propensities is None:
        return None
    return tuple(float(p) for p in question.propensities)


def _count(
    counts: list[float],
    question: Candidates,
    truth: str,
    frequent: Collection[str],
    n_labels: int,
) -> None:
    counts[0] += 1
    if truth != OUTSIDE:
        k = len(question.labels)
        counts[1] += 1
        counts[2] += truth in question.labels
        counts[3] += truth in list(frequent)[:k]
        counts[4] += k / n_labels
