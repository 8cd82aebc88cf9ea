"""What a feedback session would bring, tried on data that is labelled already."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from numpy.random import Generator, default_rng
from spacy.tokens import Doc

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.feedback_setup import ALL, TOLD, FeedbackSetup
from spacy_causal.experiments.feedback_stage import Stage, set_stage
from spacy_causal.experiments.fitting import Progress, fit, quietly
from spacy_causal.experiments.pipelines import count_classes
from spacy_causal.experiments.session import Keep, SessionStep, simulate_session
from spacy_causal.experiments.streaming import OUTSIDE
from spacy_causal.experiments.users import (
    SimulatedUser,
    create_mistaken_user,
    create_partial_user,
    perfect_user,
    telling_user,
)
from spacy_causal.learning.answers import Answer
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.reading import read_upstream
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.trainer import Trainer
from spacy_causal.scorers.layers import f1_of

Cell = dict[str, Any]
SCORER = "candidate_scorer"
CHECKS = 10


@dataclass(frozen=True)
class Point:
    """How far a session has come.

    texts, questions, counted, shown, frequent, random: Sums of `SessionStep`'s since
        the point before.
    f1 (float): On the development set: of entities for `ner`, of tokens otherwise.
    unseen_f1 (float | None): The same on the classes that were unseen at first.
    """

    texts: int
    questions: int
    counted: int
    shown: int
    frequent: float
    random: float
    f1: float
    unseen_f1: float | None


def create_run_cell(
    setup: FeedbackSetup, *, progress: Progress = quietly
) -> Callable[[Cell], dict[str, Any]]:
    """What runs the cells of `FeedbackSetup.cells`; sessions of one seed begin from
    one initial model.

    progress (Progress): Wraps an iterable, given its length and a name.
    RETURNS (Callable): From a cell to its outcome: the curve, the counts of texts.
    Raises ValueError, when it is called, for data that the setup does not fit.
    """
    begun: dict[int, tuple[Stage, Trainer, dict[str, Any]]] = {}

    def run_cell(cell: Cell) -> dict[str, Any]:
        seed, arm = cell["seed"], cell["arm"]
        if arm == ALL:
            stage = set_stage(setup, seed)
            _fit(stage, [*stage.labelled, *stage.stream], setup, seed, progress)
            return _outcome(stage, [_point(stage, [])])
        if seed not in begun:
            begun.clear()
            stage = set_stage(setup, seed)
            trainer = _fit(stage, stage.initial, setup, seed, progress)
            begun[seed] = stage, trainer, trainer.snapshot()
        stage, trainer, initial_model = begun[seed]
        trainer.restore(initial_model)
        told = arm == TOLD
        return _outcome(stage, _session(stage, setup, seed, told, progress))

    return run_cell


def _fit(
    stage: Stage,
    docs: Sequence[Doc],
    setup: FeedbackSetup,
    seed: int,
    progress: Progress,
) -> Trainer:
    """Train the component and its encoder; a trained pipeline goes on from where it is.

    RETURNS (Trainer): Keeps and restores their weights.
    """
    return fit(
        stage.nlp,
        stage.component,
        docs,
        key=(seed,),
        steps=setup.steps,
        initialize=setup.model is None,
        trained=stage.trained,
        progress=progress,
    )


def _session(
    stage: Stage, setup: FeedbackSetup, seed: int, told: bool, progress: Progress
) -> list[Point]:
    nlp = stage.nlp
    for name in [n for n in nlp.pipe_names if nlp.get_pipe_meta(n).factory == SCORER]:
        nlp.remove_pipe(name)
    config = {"source": stage.component, "k": setup.k, "seed": seed}
    config |= {"unit": setup.asked_unit, "explore": 0.0 if told else setup.explore}
    config |= {"sure": 1.0 if told else setup.sure}
    nlp.add_pipe(SCORER, config=config)
    scorer: Any = nlp.get_pipe(SCORER)
    user, keep = telling_user if told else user_of(setup), None
    mistakes = 0.0 if told else setup.doubt
    if scorer.display.unit_of(stage.pipe.tag_set) == "mention":
        user, keep = partial(or_no_mention, user), passes_over(stage.stream)
    learner = Learner(
        nlp,
        stage.component,
        initial=stage.initial,
        imputer=stage.imputer,
        settings=LearnerSettings(
            mode=setup.mode, mistakes=mistakes, fill=not told and setup.sure < 1
        ),
        seed=seed,
    )
    seen = count_classes(stage.initial, stage.layer)
    steps = simulate_session(
        learner,
        stage.stream,
        user,
        frequent=[name for name, _ in seen.most_common()],
        batch_size=setup.batch_size,
        keep=keep,
        rng=default_rng([seed, 1]),
    )
    n_batches = -(-len(stage.stream) // setup.batch_size)
    checks = {round(i * n_batches / CHECKS) for i in range(1, CHECKS + 1)}
    points, since = [_point(stage, [])], []
    name = "told every label" if told else "session"
    for number, step in enumerate(progress(steps, n_batches, name), start=1):
        since.append(step)
        if number in checks:
            points.append(_point(stage, since))
            since = []
    return points


def user_of(setup: FeedbackSetup) -> SimulatedUser:
    """The simulated user that a setup names."""
    if setup.user == "mistaken":
        return create_mistaken_user(setup.mistakes)
    if setup.user == "partial":
        return create_partial_user((*setup.known, OUTSIDE))
    return perfect_user


def passes_over(docs: Sequence[Doc]) -> Keep:
    """Somebody who gives no answer about a span that cuts a mention or holds one and
    more: "it is none" and "none of these" would both be false of some of its tokens.

    docs (Sequence[Doc]): The stream; answers name its Docs by their number.
    """

    def keep(answer: Answer, rng: Generator) -> bool:
        span = docs[int(answer.doc)][answer.start : answer.end]
        inside = any(token.ent_type for token in span)
        exact = any(
            (ent.start, ent.end) == (span.start, span.end) for ent in span.doc.ents
        )
        return exact or not inside

    return keep


def or_no_mention(
    user: SimulatedUser, shown: Sequence[str], truth: str, rng: Generator
) -> str | None:
    """The user where "it is no mention" always stands beside the K."""
    return user((*shown, OUTSIDE), truth, rng)


def _point(stage: Stage, since: Sequence[SessionStep]) -> Point:
    docs = [bare_copy(doc) for doc in stage.dev]
    read = read_upstream(stage.nlp, stage.component, docs)
    predicted = list(stage.pipe.pipe(read))
    unseen = None
    if stage.unseen:
        unseen = f1_of(predicted, stage.dev, stage.layer, stage.unseen)
    return Point(
        sum(step.texts for step in since),
        sum(step.questions for step in since),
        sum(step.counted for step in since),
        sum(step.shown for step in since),
        sum(step.frequent for step in since),
        round(sum(step.random for step in since), 2),
        f1_of(predicted, stage.dev, stage.layer),
        unseen,
    )


def _outcome(stage: Stage, points: Sequence[Point]) -> dict[str, Any]:
    return {
        "layer": stage.layer,
        "n_initial": len(stage.initial),
        "n_stream": len(stage.stream),
        "n_dev": len(stage.dev),
        "labels": list(stage.pipe.labels),
        "unseen_classes": list(stage.unseen),
        "curve": [asdict(point) for point in points],
    }
