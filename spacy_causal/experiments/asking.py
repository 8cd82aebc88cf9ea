"""Sentences that were bought are asked about, K labels shown, instead of annotated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.display.settings import Display, Unit
from spacy_causal.experiments.active import Asked, Key
from spacy_causal.experiments.feedback_simulation import or_no_mention, passes_over
from spacy_causal.experiments.session import simulate_session
from spacy_causal.experiments.users import (
    SimulatedUser,
    perfect_user,
    telling_user,
)
from spacy_causal.learning.journal import Answered, surviving
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.memory import Memory
from spacy_causal.learning.replay import example_of
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.teaching import Teacher
from spacy_causal.learning.trainer import Trainer

ASKING = 3
SCORER = "candidate_scorer"


@dataclass
class Asking:
    """An `Ask` of one run of rounds: a session about each batch that is bought.

    Within a round the round's model asks, batch by batch, and a `Learner` teaches it as
    it goes; after the round the model is as it was. What is kept are the answers. Each
    round makes targets of all of them anew, by what the model has learnt by the end of
    the session, so that "none of these" is imputed by the latest model, at a
    temperature of 1. A token that nobody was asked about is missing, and not "O"; a
    sentence of which nothing was asked teaches nothing.

    k (int): Labels shown.
    unit (str): "mention": predicted mentions and near-misses, "it is no mention" beside
        the K. "token": every token.
    explore, near_miss (float): See `Display`.
    follow_up (bool): After "none of these" the type is picked from the list of all, as
        in a session with `--follow-up list`; by somebody who is always right.
    batch_size (int): Sentences between two updates of the model that asks.
    counted, shown (int): Questions about mentions, or tokens of them, and how many of
        those had the type among the K.
    listed (int): Sentences in which the list was opened.
    """

    component: str
    user: SimulatedUser = perfect_user
    k: int = 3
    unit: Unit = "mention"
    explore: float = 0.0
    near_miss: float = 0.1
    follow_up: bool = False
    batch_size: int = 32
    settings: LearnerSettings = field(default_factory=LearnerSettings)
    counted: int = 0
    shown: int = 0
    listed: int = 0
    answered: dict[str, Answered] = field(default_factory=dict)

    def __call__(
        self,
        nlp: Language,
        annotated: Mapping[str, Doc],
        bought: Mapping[str, Doc],
        key: Key,
    ) -> Asked:
        """Ask about all that was bought, in the order in which it was chosen."""
        trainer = Trainer(nlp, self.component, self.settings)
        before = trainer.snapshot()
        scorer = self._add_scorer(nlp, key)
        try:
            questions = self._ask(nlp, list(annotated.values()), bought, key)
            return Asked(self._known(nlp), questions)
        finally:
            nlp.remove_pipe(scorer)
            trainer.restore(before)

    def _add_scorer(self, nlp: Language, key: Key) -> str:
        display = Display(
            k=self.k, unit=self.unit, explore=self.explore, near_miss=self.near_miss
        )
        nlp.add_pipe(
            SCORER,
            config={
                "source": self.component,
                "seed": key[0],
                "k": display.k,
                "unit": display.unit,
                "explore": display.explore,
                "near_miss": display.near_miss,
            },
        )
        return SCORER

    def _ask(
        self,
        nlp: Language,
        initial: Sequence[Doc],
        bought: Mapping[str, Doc],
        key: Key,
    ) -> int:
        """Hold the session and note the answers; returns how many questions it had."""
        ids, docs = list(bought), list(bought.values())
        learner = Learner(
            nlp,
            self.component,
            initial=initial,
            settings=self.settings,
            seed=int(default_rng([*key, ASKING]).integers(2**31)),
        )
        mentions = self.unit == "mention"
        user = telling_user if self.follow_up else self.user
        questions = 0
        for step in simulate_session(
            learner,
            docs,
            partial(or_no_mention, user) if mentions else user,
            frequent=(),
            batch_size=self.batch_size,
            keep=passes_over(docs) if mentions else None,
            rng=default_rng([*key, ASKING]),
        ):
            questions += step.questions
            self.counted += step.counted
            self.shown += step.shown
        batches, _ = surviving(learner.journal)
        for said in (said for batch in batches for said in batch):
            id = ids[int(said.doc)]
            answers = tuple(replace(answer, doc=id) for answer in said.answers)
            self.answered[id] = replace(said, answers=answers)
            self.listed += any(a.chosen not in (None, *a.shown) for a in answers)
        return questions

    def _known(self, nlp: Language) -> dict[str, Doc]:
        """What all answers until now teach, as the model sees it now."""
        pipe: Any = nlp.get_pipe(self.component)
        settings = replace(self.settings, temperature=1.0)
        memory = Memory()
        teacher = Teacher(nlp, self.component, None, settings)
        teacher.teach(list(self.answered.values()), memory)
        return {
            id: example_of(lesson, nlp.vocab, pipe.layer).reference
            for id, lesson in memory.lessons.items()
        }
