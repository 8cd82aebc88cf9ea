"""Sentences that were bought are asked about, K labels shown, instead of annotated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
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
from spacy_causal.types import Budget

ASKING = 3
# Words bought for each that may be asked about, where sure tokens are left out: in the
# first round, and later in proportion to what the round before came to.
OFFERED, SPARE = 8.0, 1.5
SCORER = "candidate_scorer"


@dataclass
class Asking:
    """An `Ask` of one run of rounds: a session about each batch that is bought.

    Within a round the round's model asks, batch by batch, and a `Learner` teaches it as
    it goes; after the round the model is as it was. What is kept are the answers. Each
    round makes targets of all of them anew, by what the model has learnt by the end of
    the session, so that "none of these" is imputed by the latest model, at a
    temperature of 1. A token that nobody was asked about is missing, and not "O", or,
    with `sure`, what that model says of it; a sentence of which nothing was asked
    teaches nothing.

    k (int): Labels shown.
    unit (str): "mention": predicted mentions and near-misses, "it is no mention" beside
        the K. "token": every token.
    explore, near_miss (float): See `Display`.
    sure (float): Below 1 a token is asked about only where the model is not surer than
        this; such tokens alone count as words of the budget. See `Display`.
    follow_up (bool): After "none of these" the type is picked from the list of all, as
        in a session with `--follow-up list`; by somebody who is always right.
    batch_size (int): Sentences between two updates of the model that asks.
    counted, shown (int): Questions about mentions, or tokens of them, and how many of
        those had the type among the K.
    listed (int): Sentences in which the list was opened.
    offered (float): See `offer`.
    overspent (int): Words that earlier rounds asked about beyond their budgets, which
        are checked after each batch; the next round has as many fewer.
    """

    component: str
    user: SimulatedUser = perfect_user
    k: int = 3
    unit: Unit = "mention"
    explore: float = 0.0
    near_miss: float = 0.1
    sure: float = 1.0
    follow_up: bool = False
    batch_size: int = 32
    settings: LearnerSettings = field(default_factory=LearnerSettings)
    counted: int = 0
    shown: int = 0
    listed: int = 0
    offered: float = OFFERED
    overspent: int = 0
    answered: dict[str, Answered] = field(default_factory=dict)

    def offer(self, budget: Budget) -> Budget:
        """Where sure tokens are left out, so much more that enough are left.

        Raises ValueError there for a budget in sentences: only words are counted.
        """
        if self.sure == 1:
            return budget
        if budget.unit != "words":
            raise ValueError(f"Unsure tokens are bought by words, not by {budget}.")
        return replace(budget, size=round(self.offered * budget.size))

    def __call__(
        self,
        nlp: Language,
        annotated: Mapping[str, Doc],
        bought: Mapping[str, Doc],
        key: Key,
        budget: Budget,
    ) -> Asked:
        """Ask about all that was bought, in the order in which it was chosen; where
        sure tokens are left out, until the budget is spent."""
        trainer = Trainer(nlp, self.component, self.settings)
        before = trainer.snapshot()
        scorer = self._add_scorer(nlp, key)
        try:
            initial = list(annotated.values())
            questions, taken = self._ask(nlp, initial, bought, key, budget)
            known = self._known(nlp)
        finally:
            nlp.remove_pipe(scorer)
            trainer.restore(before)
        passed = dict(islice(bought.items(), taken))
        words = sum(map(len, passed.values()))
        if self.sure == 1:
            return Asked(known, questions, words, len(passed), words, taken)
        # Fewer than the budget only where the pool is empty.
        self.overspent = max(self.overspent + questions - budget.size, 0)
        self.offered = SPARE * words / max(questions, 1)
        asked = [doc for id, doc in passed.items() if id in self.answered]
        read = sum(map(len, asked))
        return Asked(known, questions, questions, len(asked), read, taken)

    def _add_scorer(self, nlp: Language, key: Key) -> str:
        display = Display(
            k=self.k,
            unit=self.unit,
            explore=self.explore,
            near_miss=self.near_miss,
            sure=self.sure,
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
                "sure": display.sure,
            },
        )
        return SCORER

    def _ask(
        self,
        nlp: Language,
        initial: Sequence[Doc],
        bought: Mapping[str, Doc],
        key: Key,
        budget: Budget,
    ) -> tuple[int, int]:
        """Hold the session and note the answers.

        RETURNS (tuple[int, int]): How many questions it had, about how many documents.
        """
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
        questions = taken = 0
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
            taken += step.texts
            self.counted += step.counted
            self.shown += step.shown
            if self.sure < 1 and questions + self.overspent >= budget.size:
                break
        batches, _ = surviving(learner.journal)
        for said in (said for batch in batches for said in batch):
            id = ids[int(said.doc)]
            answers = tuple(replace(answer, doc=id) for answer in said.answers)
            self.answered[id] = replace(said, answers=answers)
            self.listed += any(a.chosen not in (None, *a.shown) for a in answers)
        return questions, taken

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
