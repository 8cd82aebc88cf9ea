"""Answered tasks as lessons of a learner that runs behind the session."""

from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any

import spacy
import srsly

from spacy_causal.corpus.files import read_spacy
from spacy_causal.learning.answers import Answer
from spacy_causal.learning.background import BackgroundLearner
from spacy_causal.learning.imputation import imputer_from
from spacy_causal.learning.journal import Answered
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.weights import digest_of_weights
from spacy_causal.server.manual import VIEW, sentence_answers
from spacy_causal.server.pipelines import load_pipeline
from spacy_causal.types import NONE_OF_THESE

Task = dict[str, Any]


class FeedbackTeacher:
    """What a recipe gives as `update`: called with answered tasks, it has them learnt.

    Tasks are known by `_task_hash` and `_session_id`.
    """

    def __init__(self, background: BackgroundLearner):
        self.background = background

    def __call__(self, answers: Sequence[Task]) -> None:
        """Have a batch learnt, without waiting for it."""
        batch = [
            (_key(task), said)
            for task in answers
            if (said := answered_of(task)) is not None
        ]
        if batch:
            self.background.learn(batch)

    def check(self, task: Task) -> None:
        """Raise ValueError for an answer that cannot be learnt."""
        answers_of(task)

    def forget(self, answers: Sequence[Task]) -> None:
        """Take answers back, and what was learnt from them."""
        self.background.forget([_key(task) for task in answers])

    def close(self) -> None:
        """End the learner."""
        self.background.close()

    @property
    def busy(self) -> bool:
        """Whether something is still being learnt."""
        return self.background.busy

    @property
    def status(self) -> dict[str, Any]:
        """For the page."""
        behind = self.background
        return {
            "busy": behind.busy,
            "batches": behind.n_learnt,
            "rolled_back": behind.n_rolled_back,
            "fell": behind.fell,
            "failure": behind.failure,
        }


def answer_of(task: Task) -> Answer | None:
    """What a task's answer says; None where it was skipped.

    "reject" is read as "none of these": what was shown is refused.
    """
    if task["answer"] == "ignore":
        return None
    accepted = task.get("accept") or [NONE_OF_THESE]
    chosen = None if task["answer"] == "reject" else accepted[0]
    (span,) = task["spans"]
    also = tuple(task.get("also_shown") or ())
    # How probable it was that follow-up labels were shown is not recorded.
    propensities = None if also else task.get("propensities")
    return Answer(
        doc_key(task),
        span["token_start"],
        span["token_end"] + 1,
        (*task["shown"], *also),
        None if chosen == NONE_OF_THESE else chosen,
        unit=task["unit"],
        seed=task["seed"],
        round=task["round"],
        propensities=None if propensities is None else tuple(propensities),
    )


def answers_of(task: Task) -> tuple[Answer, ...]:
    """The same of a task of any view: a whole sentence says something of each token."""
    if task.get("_view_id") == VIEW:
        return sentence_answers(task, doc_key(task))
    answer = answer_of(task)
    return () if answer is None else (answer,)


def answered_of(task: Task) -> Answered | None:
    """The same with the text's tokens."""
    answers = answers_of(task)
    if not answers:
        return None
    words, spaces = words_of_task(task)
    return Answered(words, spaces, answers)


def words_of_task(task: Task) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """A task's tokens and whether a space follows each."""
    tokens = task["tokens"]
    return tuple(x["text"] for x in tokens), tuple(x["ws"] for x in tokens)


def doc_key(task: Task) -> str:
    """One text cut in two ways is two texts to a learner."""
    data = srsly.json_dumps(words_of_task(task)).encode("utf8", "surrogatepass")
    return blake2b(data, digest_size=8).hexdigest()


def save_taught(
    background: BackgroundLearner, component: str, output: Path | None
) -> dict[str, Any]:
    """Save what was taught, where it is wanted, and end its learner.

    RETURNS (dict): For the journal: by which weights the saved pipeline is known.
    Raises OSError when it cannot be written.
    """
    with closing(background):
        if output is None:
            return {}
        background.save(output)
        return {"weights": digest_of_weights(spacy.load(output), [component])}


def build_learner(
    model: str,
    component: str | None,
    labels: Sequence[str],
    *,
    imputer: str | None = None,
    initial: Path | None = None,
    dev: Path | None = None,
    settings: LearnerSettings | None = None,
    seed: int = 0,
    gpu_id: int = -1,
) -> Learner:
    """The learner of a session; it keeps no journal, since the session has one.

    imputer (str | None): A trained pipeline that guesses after "none of these".
    initial, dev (Path | None): Annotated `.spacy` files, see `Learner`.
    gpu_id (int): Where all of this thread's models learn from now on; -1 is the CPU.
    """
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    nlp, name = load_pipeline(model, component, labels, seed=seed)
    pipe: Any = nlp.get_pipe(name)
    impute = None
    if imputer is not None:
        impute = imputer_from(spacy.load(imputer), None, pipe.tag_set)
        settings = settings or LearnerSettings(mode="imputed_ruled_out")
    return Learner(
        nlp,
        name,
        initial=() if initial is None else list(read_spacy(initial, nlp.vocab)),
        dev=() if dev is None else list(read_spacy(dev, nlp.vocab)),
        imputer=impute,
        settings=settings,
        seed=seed,
    )


def _key(task: Task) -> tuple[int, str]:
    return task["_task_hash"], task.get("_session_id") or ""
