"""`Trainer`: steps of one component and its encoder that can be taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

from spacy.language import Language
from spacy.training import Example

from spacy_causal.learning.hearing import learning_pipes, only_heard_by
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.weights import (
    make_optimizer,
    moments_of,
    pipes_from_bytes,
    pipes_to_bytes,
    set_moments,
)


class Trainer:
    """Moves the weights of a component, and of the encoders that it listens to."""

    def __init__(self, nlp: Language, component: str, settings: LearnerSettings):
        self.nlp, self.settings = nlp, settings
        freeze, also = settings.freeze, settings.also_train
        self.learners = learning_pipes(nlp, component, freeze, also)
        self.n_steps = 0
        self.optimizer = make_optimizer(nlp, settings.learn_rate)

    def steps(
        self, batches: Sequence[Sequence[Example]], losses: dict[str, float]
    ) -> None:
        """One step of the optimizer a batch.

        Given an optimizer, `nlp.update` would finish an encoder's update before its
        listeners have sent a gradient back: each would be taken a step late, and the
        last one by whatever comes after a restore. So it is finished here, for all
        pipes at once, as spaCy's training loop does.
        """
        settings, names = self.settings, self.nlp.pipe_names
        learners: list[Any] = [self.nlp.get_pipe(name) for name in self.learners]
        finish_later: Any = False
        with only_heard_by(self.nlp, self.learners):
            for examples in batches:
                self.nlp.update(
                    list(examples),
                    drop=settings.dropout,
                    sgd=finish_later,
                    losses=losses,
                    exclude=[name for name in names if name not in self.learners],
                    annotates=list(settings.freeze),
                )
                for pipe in learners:
                    pipe.finish_update(self.optimizer)
                self.optimizer.step_schedules()
                self.n_steps += 1

    def snapshot(self) -> dict[str, Any]:
        """Labels, weights and the optimizer's memory, as plain values."""
        return {
            "weights": pipes_to_bytes(self.nlp, self.learners),
            "moments": moments_of(self.optimizer, self.nlp, self.learners),
            "n_steps": self.n_steps,
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Be as when the snapshot was taken."""
        pipes_from_bytes(self.nlp, snapshot["weights"])
        self.n_steps = snapshot["n_steps"]
        self.optimizer = make_optimizer(
            self.nlp, self.settings.learn_rate, self.n_steps
        )
        set_moments(self.optimizer, snapshot["moments"], self.nlp, self.learners)
