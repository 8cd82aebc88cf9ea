"""`Learner`: a component that learns from answers while they are given."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.corpus.bare import words_of
from spacy_causal.learning.answers import OUTSIDE, Answer
from spacy_causal.learning.augmenting import annotated, make_augment
from spacy_causal.learning.beginning import beginning_of, require_beginning
from spacy_causal.learning.checkpoint import digest, load_checkpoint, save_checkpoint
from spacy_causal.learning.gate import fallen, label_scores
from spacy_causal.learning.imputation import Imputer
from spacy_causal.learning.journal import (
    UNDONE,
    UPDATED,
    Answered,
    Journal,
    answered_record,
    surviving,
)
from spacy_causal.learning.memory import Memory
from spacy_causal.learning.reading import memory_zone, require_docs
from spacy_causal.learning.replay import Lesson, draw_replay, example_of
from spacy_causal.learning.seeding import seeded
from spacy_causal.learning.settings import LearnerSettings, UpdateReport
from spacy_causal.learning.teaching import Teacher
from spacy_causal.learning.trainer import Trainer
from spacy_causal.pipeline.finding import find_labeller


class Learner:
    """Teaches a `causal_ner` or `causal_tagger` from answers, batch by batch.

    The same answers in the same order, with the same seed, give the same weights, so an
    undo, or resuming a session, means replaying its journal. A journal that already has
    records is replayed when the learner is made, with a checkpoint only from there on.

    Words are read inside `nlp.memory_zone()` and leave nothing in the vocabulary. A
    session whose journal has no path is ephemeral: it writes nothing anywhere.

    initial (Sequence[Doc]): Annotated Docs, replayed against forgetting.
    dev (Sequence[Doc]): Annotated Docs that guard each label.
    imputer (Imputer | None): σ, see `imputer_from`.
    checkpoint (Path | None): What `save` wrote.
    """

    def __init__(
        self,
        nlp: Language,
        component: str,
        *,
        initial: Sequence[Doc] = (),
        dev: Sequence[Doc] = (),
        imputer: Imputer | None = None,
        settings: LearnerSettings | None = None,
        journal: Journal | None = None,
        checkpoint: str | Path | None = None,
        seed: int = 0,
    ):
        self.nlp, self.component = nlp, find_labeller(nlp, component)
        self.initial, self.dev = require_docs(initial), require_docs(dev)
        self.settings, self.seed = settings or LearnerSettings(), seed
        self.journal = Journal() if journal is None else journal
        self._augment = make_augment(self.settings.augment, component)
        self._teacher = Teacher(nlp, component, imputer, self.settings)
        self._trainer = Trainer(nlp, component, self.settings)
        self._base, self._begun = self._trainer.snapshot(), self._beginning()
        self._base_best = {label: score.f for label, score in self._scores().items()}
        self._batches: list[list[Answered]] = []
        self._memory = Memory()
        self._texts: dict[str, tuple[str, ...]] = {}
        self._reset()
        batches, self._waiting = surviving(self.journal)
        with self._all_or_nothing():
            if checkpoint is not None:
                self._resume(Path(checkpoint), batches)
            name = self.journal.path or "The journal"
            require_beginning(self.journal, self._begun, name)
            for batch in batches[len(self._batches) :]:
                self._learn(batch)
            self._add_labels(self._waiting)
        self._remember_texts()

    @property
    def n_batches(self) -> int:
        """How many batches have been learnt, and not undone."""
        return len(self._batches)

    @property
    def waiting(self) -> list[Answer]:
        """The answers that the next update will learn from."""
        return [answer for said in self._waiting for answer in said.answers]

    def answer(self, doc: Doc, answers: Sequence[Answer]) -> None:
        """Take down what was answered about a Doc; when this returns, it is in the
        journal. Several Docs under one key have to have the same tokens.

        Raises ValueError for a label that the component cannot have.
        """
        if not answers:
            return
        words, spaces = words_of(doc)
        said = Answered(tuple(words), tuple(spaces), tuple(answers))
        if self._texts.get(said.doc, said.words) != said.words:
            raise ValueError(f"{said.doc[:60]!r} was answered with other tokens.")
        # The record of the beginning comes before the first answer's.
        n_records, n_waiting = max(len(self.journal), 1), len(self._waiting)
        before = self._trainer.snapshot() if self._new_labels([said]) else None
        try:
            self._add_labels([said])
            if not len(self.journal):
                self.journal.append(self._begun)
            self._waiting.append(said)
            self._texts[said.doc] = said.words
            self.journal.append(answered_record(self.n_batches, said))
        except BaseException:
            if len(self.journal) <= n_records:
                del self._waiting[n_waiting:]
                self._remember_texts()
                if before is not None:
                    self._trainer.restore(before)
            raise

    def update(self) -> UpdateReport:
        """Learn from the answers that wait. If this is interrupted before the journal
        records it, nothing was learnt, and they go on waiting."""
        if not self._waiting:
            return UpdateReport(batch=self.n_batches)
        with self._all_or_nothing():
            report = self._learn(self._waiting)
            self._waiting = []
            self.journal.append({"event": UPDATED, "batch": report.batch})
        return report

    def undo(self, n: int = 1) -> None:
        """Take back the last `n` updates and their answers, as if they had never been:
        what remains is learnt again from the start. Answers that wait go on waiting.
        If this is interrupted before the journal records it, nothing is taken back."""
        if not 1 <= n <= self.n_batches:
            raise ValueError(f"Cannot undo {n} of {self.n_batches} updates.")
        keep = self._batches[: self.n_batches - n]
        with self._all_or_nothing():
            self._reset()
            for batch in keep:
                self._learn(batch)
            self._add_labels(self._waiting)
            self._remember_texts()
            self.journal.append({"event": UNDONE, "batch": len(keep)})

    def save(self, path: str | Path) -> None:
        """Write a checkpoint, whole or not at all.

        It holds the texts that were answered: an ephemeral session has none, and its
        model is saved by `nlp.to_disk` alone. Without the journal it is of no use.
        """
        if self.journal.path is None:
            raise ValueError(
                "This session is ephemeral, and a checkpoint would write its texts to "
                "the disk. Save the model with nlp.to_disk()."
            )
        save_checkpoint(
            Path(path),
            {
                **self._identity(),
                "journal": [len(self.journal), digest(self.journal)],
                "base": self._base,
                "base_best": self._base_best,
                "now": self._trainer.snapshot(),
                "memory": self._memory.to_dict(),
            },
        )

    def _remember_texts(self) -> None:
        said = chain(*self._batches, self._waiting)
        self._texts = {answered.doc: answered.words for answered in said}

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Whatever interrupts what is done within it leaves the learner as it was; once
        the journal, which comes last, has a record of it, it is done all the same."""
        n_records = len(self.journal)
        before = self._trainer.snapshot()
        memory = self._memory.copy()
        batches, waiting = list(self._batches), self._waiting
        try:
            yield
        except BaseException:
            if len(self.journal) == n_records:
                self._trainer.restore(before)
                self._memory = memory
                self._batches, self._waiting = batches, waiting
                self._remember_texts()
            raise

    def _learn(self, batch: Sequence[Answered]) -> UpdateReport:
        self._add_labels(batch)
        number, gated = len(self._batches), bool(self.dev)
        before = self._trainer.snapshot() if gated else None
        remembered = self._memory.copy()
        with seeded(self.nlp, (self.seed, number)) as rng, memory_zone(self.nlp):
            keys = self._teacher.teach(batch, self._memory)
            n_examples, loss = self._train(keys, rng)
            scores = self._scores()
        settings, best = self.settings, self._memory.best
        fell = fallen(
            best, scores, max_drop=settings.max_drop, min_support=settings.min_support
        )
        if fell and before is not None:
            self._trainer.restore(before)
            self._memory = remembered
        else:
            for label, score in scores.items():
                best[label] = max(score.f, best.get(label, 0.0))
        self._batches.append(list(batch))
        n_answers = sum(len(said.answers) for said in batch)
        return UpdateReport(number, n_answers, n_examples, loss, not fell, fell)

    def _add_labels(self, batch: Sequence[Answered]) -> None:
        pipe: Any = self.nlp.get_pipe(self.component)
        strings: Any = self.nlp.vocab.strings
        for label in self._new_labels(batch):
            # Callers may be inside a memory zone, which would drop the name at its end.
            strings.add(label, allow_transient=False)
            pipe.add_label(label)

    def _new_labels(self, batch: Sequence[Answered]) -> list[str]:
        """What was answered and is no label yet, in its order."""
        pipe: Any = self.nlp.get_pipe(self.component)
        known = {*pipe.labels} | ({OUTSIDE} if pipe.scheme != "token" else set())
        said = (answer.chosen for each in batch for answer in each.answers)
        return [x for x in dict.fromkeys(said) if x is not None and x not in known]

    def _train(self, keys: Sequence[str], rng: Generator) -> tuple[int, float]:
        """RETURNS (tuple[int, float]): Examples gone through, nats an example."""
        lessons, trust, this = self._memory.lessons, self._memory.trust, set(keys)
        now = [lessons[key] for key in keys]
        earlier = [lesson for key, lesson in lessons.items() if key not in this]
        share = self.settings.gold_share
        n_replayed = round(self.settings.replay_ratio * len(now))
        made = self._made_of(now, earlier, n_replayed, rng)
        losses: dict[str, float] = {}
        n_examples = 0
        for _ in range(self.settings.updates):
            drawn = draw_replay(self.initial, earlier, n_replayed, share, rng)
            sources = [*now, *made, *self._teacher.recalled(drawn, trust)]
            order = rng.permutation(len(sources))
            self._trainer.steps(self._batched([sources[int(i)] for i in order]), losses)
            n_examples += len(sources)
        return n_examples, losses.get(self.component, 0.0) / n_examples

    def _made_of(
        self,
        now: Sequence[Lesson],
        earlier: Sequence[Lesson],
        n_replayed: int,
        rng: Generator,
    ) -> list[Doc]:
        """What augmentation makes of a batch, beside as much as is replayed once."""
        if self._augment is None:
            return []
        share, vocab = self.settings.gold_share, self.nlp.vocab
        drawn = draw_replay(self.initial, earlier, n_replayed, share, rng)
        docs = [annotated(source, vocab) for source in (*now, *drawn)]
        labelled = [doc for doc in docs if doc is not None and len(doc)]
        return self._augment(labelled, self.nlp, rng) if labelled else []

    def _batched(self, sources: Sequence[Lesson | Doc]) -> list[list[Example]]:
        pipe: Any = self.nlp.get_pipe(self.component)
        examples = [example_of(x, self.nlp.vocab, pipe.layer) for x in sources]
        size = self.settings.batch_size
        return [examples[i : i + size] for i in range(0, len(examples), size)]

    def _scores(self) -> dict[str, Any]:
        if not self.dev:
            return {}
        return label_scores(self.nlp, self.component, self.dev)

    def _reset(self) -> None:
        self._trainer.restore(self._base)
        self._batches = []
        self._memory = Memory(best=dict(self._base_best))

    def _beginning(self) -> dict[str, Any]:
        pipes = sorted({*self._trainer.learners, *self.settings.freeze})
        return beginning_of(self.nlp, self.component, pipes, self.settings, self.seed)

    def _identity(self) -> dict[str, Any]:
        settings = self.settings.to_dict()
        return {"component": self.component, "seed": self.seed, "settings": settings}

    def _resume(self, path: Path, batches: Sequence[list[Answered]]) -> None:
        state = load_checkpoint(path)
        for name, mine in self._identity().items():
            if state[name] != mine:
                raise ValueError(
                    f"{path} is of another session: its {name} is {state[name]}."
                )
        position, expected = state["journal"]
        records = list(self.journal)[:position]
        if digest(records) != expected:
            raise ValueError(f"{path} does not belong to the journal.")
        self._base, self._base_best = state["base"], state["base_best"]
        self._reset()
        self._begun = self._beginning()
        learnt, _ = surviving(records)
        if batches[: len(learnt)] != learnt:
            return
        self._batches = learnt
        self._memory = Memory.from_dict(state["memory"])
        self._trainer.restore(state["now"])
