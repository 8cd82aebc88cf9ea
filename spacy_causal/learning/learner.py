"""`Learner`: a component that learns from answers while they are given."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.types import Floats2d

from spacy_causal.learning.answers import OUTSIDE, Answer
from spacy_causal.learning.checkpoint import digest, load_checkpoint, save_checkpoint
from spacy_causal.learning.feedback import targets_of
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
from spacy_causal.learning.reading import memory_zone, probabilities_of, words_of
from spacy_causal.learning.replay import Lesson, draw, example_of
from spacy_causal.learning.seeding import seeded
from spacy_causal.learning.settings import LearnerSettings, UpdateReport
from spacy_causal.learning.trainer import Trainer
from spacy_causal.targets.token_targets import TokenTargets


class Learner:
    """Teaches a `causal_ner` or `causal_tagger` from answers, batch by batch.

    The same answers in the same order, with the same seed, give the same weights: so
    a session is undone, or taken up again, by going through its journal. A journal
    that has records is gone through when the learner is made; with a checkpoint, from
    there on.

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
        self.nlp, self.component = nlp, component
        self.initial, self.dev, self.imputer = list(initial), list(dev), imputer
        self.settings, self.seed = settings or LearnerSettings(), seed
        self.journal = Journal() if journal is None else journal
        if self.settings.needs_imputer and imputer is None:
            raise ValueError(f"The mode {self.settings.mode!r} needs an imputer.")
        self._trainer = Trainer(nlp, component, self.settings)
        self._base = self._trainer.snapshot()
        self._base_best = {label: score.f for label, score in self._scores().items()}
        self._batches: list[list[Answered]] = []
        self._lessons: dict[str, Lesson] = {}
        self._best: dict[str, float] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        self._reset()
        batches, self._waiting = surviving(self.journal)
        with self._all_or_nothing():
            if checkpoint is not None:
                self._resume(Path(checkpoint), batches)
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
        self._add_labels([said])
        self.journal.append(answered_record(self.n_batches, said))
        self._waiting.append(said)
        self._texts[said.doc] = said.words

    def update(self) -> UpdateReport:
        """Learn from the answers that wait. Interrupted, it has learnt nothing, and
        they go on waiting."""
        if not self._waiting:
            return UpdateReport(batch=self.n_batches)
        with self._all_or_nothing():
            report = self._learn(self._waiting)
            self.journal.append({"event": UPDATED, "batch": report.batch})
            self._waiting = []
        return report

    def undo(self, n: int = 1) -> None:
        """Take back the last `n` updates, answers and all, as if they had never been:
        what remains is learnt again from the start. Answers that wait go on waiting.
        Interrupted, it has taken back nothing."""
        if not 1 <= n <= self.n_batches:
            raise ValueError(f"Cannot undo {n} of {self.n_batches} updates.")
        keep = self._batches[: self.n_batches - n]
        with self._all_or_nothing():
            self._reset()
            for batch in keep:
                self._learn(batch)
            self._add_labels(self._waiting)
            self.journal.append({"event": UNDONE, "batch": len(keep)})
        self._remember_texts()

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
                "best": self._best,
                "lessons": [lesson.to_dict() for lesson in self._lessons.values()],
            },
        )

    def _remember_texts(self) -> None:
        said = chain(*self._batches, self._waiting)
        self._texts = {answered.doc: answered.words for answered in said}

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Whatever interrupts what is done within it leaves the learner as it was."""
        before = self._trainer.snapshot()
        lessons, best = dict(self._lessons), dict(self._best)
        batches, waiting = list(self._batches), self._waiting
        try:
            yield
        except BaseException:
            self._trainer.restore(before)
            self._lessons, self._best = lessons, best
            self._batches, self._waiting = batches, waiting
            raise

    def _learn(self, batch: Sequence[Answered]) -> UpdateReport:
        self._add_labels(batch)
        number, gated = len(self._batches), bool(self.dev)
        before = self._trainer.snapshot() if gated else None
        lessons = dict(self._lessons)
        with seeded(self.nlp, (self.seed, number)) as rng, memory_zone(self.nlp):
            keys = self._make_lessons(batch)
            n_examples, loss = self._train(keys, rng)
            scores = self._scores()
        settings, best = self.settings, self._best
        fell = fallen(
            best, scores, max_drop=settings.max_drop, min_support=settings.min_support
        )
        if fell and before is not None:
            self._trainer.restore(before)
            self._lessons = lessons
        else:
            for label, score in scores.items():
                best[label] = max(score.f, best.get(label, 0.0))
        self._batches.append(list(batch))
        n_answers = sum(len(said.answers) for said in batch)
        return UpdateReport(number, n_answers, n_examples, loss, not fell, fell)

    def _add_labels(self, batch: Sequence[Answered]) -> None:
        pipe: Any = self.nlp.get_pipe(self.component)
        strings: Any = self.nlp.vocab.strings
        for answer in (answer for said in batch for answer in said.answers):
            label = answer.chosen
            if label is None or (label == OUTSIDE and pipe.scheme != "token"):
                continue
            # Callers may be inside a memory zone, which would take the name away.
            strings.add(label, allow_transient=False)
            pipe.add_label(label)

    def _make_lessons(self, batch: Sequence[Answered]) -> list[str]:
        """Targets of all that is now known about the batch's texts, from one look of
        the model at them. RETURNS (list[str]): The texts' keys."""
        known: dict[str, list[Answer]] = {}
        said = {answered.doc: answered for answered in batch}
        for key in said:
            lesson = self._lessons.get(key)
            known[key] = list(lesson.answers) if lesson else []
        for answered in batch:
            known[answered.doc] += answered.answers
        targets = self._targets(
            [said[key] for key in known], list(known.values()), first=True
        )
        for (key, answers), rows in zip(known.items(), targets, strict=True):
            text = said[key]
            self._lessons[key] = Lesson(text.words, text.spaces, tuple(answers), rows)
        return list(known)

    def _targets(
        self,
        texts: Sequence[Answered | Lesson],
        answers: Sequence[Sequence[Answer]],
        *,
        first: bool,
    ) -> list[TokenTargets]:
        """What the answers about each text teach, as the model is now."""
        settings, tag_set = self.settings, self._tag_set
        docs = [self._doc(text) for text in texts]
        imputed: Sequence[Floats2d | None] = [None] * len(docs)
        if self.imputer is not None and settings.needs_imputer:
            imputed = [_widen(rows, len(tag_set)) for rows in self.imputer(docs)]
        own = probabilities_of(self.nlp, self.component, docs)
        flat = first and settings.mode == "own_ruled_out"
        return [
            targets_of(
                about,
                tag_set,
                doc_own,
                doc_imputed,
                mode=settings.mode,
                temperature=settings.temperature if flat else 1.0,
                doubly_robust=settings.doubly_robust,
                clip=settings.clip,
            )
            for about, doc_own, doc_imputed in zip(answers, own, imputed, strict=True)
        ]

    def _recalled(self, sources: Sequence[Lesson | Doc]) -> list[Lesson | Doc]:
        """Earlier lessons with what was refused in them imputed anew: the model has
        learnt since what it may be instead."""
        recalled = list(sources)
        if self.settings.mode != "own_ruled_out" or not self.settings.reimpute:
            return recalled
        at = [i for i, x in enumerate(sources) if isinstance(x, Lesson) and x.refuses]
        lessons = [x for x in sources if isinstance(x, Lesson) and x.refuses]
        targets = self._targets(lessons, [x.answers for x in lessons], first=False)
        for i, lesson, rows in zip(at, lessons, targets, strict=True):
            recalled[i] = replace(lesson, targets=rows)
        return recalled

    def _train(self, keys: Sequence[str], rng: Generator) -> tuple[int, float]:
        """RETURNS (tuple[int, float]): Examples gone through, nats an example."""
        now = [self._lessons[key] for key in keys]
        this, lessons = set(keys), self._lessons.items()
        pool = [*self.initial, *(x for key, x in lessons if key not in this)]
        n_replayed = round(self.settings.replay_ratio * len(now))
        losses: dict[str, float] = {}
        n_examples = 0
        for _ in range(self.settings.updates):
            sources = [*now, *self._recalled(draw(pool, n_replayed, rng))]
            order = rng.permutation(len(sources))
            self._trainer.steps(self._batched([sources[int(i)] for i in order]), losses)
            n_examples += len(sources)
        return n_examples, losses.get(self.component, 0.0) / n_examples

    def _batched(self, sources: Sequence[Lesson | Doc]) -> list[list[Example]]:
        pipe: Any = self.nlp.get_pipe(self.component)
        examples = [example_of(x, self.nlp.vocab, pipe.layer) for x in sources]
        size = self.settings.batch_size
        return [examples[i : i + size] for i in range(0, len(examples), size)]

    def _doc(self, said: Answered | Lesson) -> Doc:
        return Doc(self.nlp.vocab, words=list(said.words), spaces=list(said.spaces))

    @property
    def _tag_set(self) -> Any:
        pipe: Any = self.nlp.get_pipe(self.component)
        return pipe.tag_set

    def _scores(self) -> dict[str, Any]:
        if not self.dev:
            return {}
        return label_scores(self.nlp, self.component, self.dev)

    def _reset(self) -> None:
        self._trainer.restore(self._base)
        self._batches = []
        self._lessons = {}
        self._best = dict(self._base_best)

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
        learnt, _ = surviving(records)
        if batches[: len(learnt)] != learnt:
            return
        self._batches = learnt
        lessons = [Lesson.from_dict(x) for x in state["lessons"]]
        self._lessons = {lesson.answers[0].doc: lesson for lesson in lessons}
        self._best = state["best"]
        self._trainer.restore(state["now"])


def _widen(rows: Floats2d, n_tags: int) -> Floats2d:
    """Rows with no mass on tags that were added since; tag sets grow at their end."""
    return np.pad(rows, ((0, 0), (0, n_tags - rows.shape[1])))
