"""Active learning behind a session: a batch is chosen, answered and learnt."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import spacy
from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.corpus.bare import Words, bare_copy, words_of
from spacy_causal.corpus.files import read_spacy
from spacy_causal.corpus.records import Problem
from spacy_causal.learning.background import BackgroundLearner
from spacy_causal.learning.pool.compute import view_pool
from spacy_causal.learning.reading import memory_zone
from spacy_causal.learning.weights import pipes_from_bytes
from spacy_causal.scorers.layers import f1_of
from spacy_causal.server.manual import VIEW, sentence_task
from spacy_causal.server.sources import Source
from spacy_causal.server.teaching import FeedbackTeacher
from spacy_causal.store.hashing import set_hashes
from spacy_causal.store.ledger import Ledger
from spacy_causal.types import Acquire, Budget

Task = dict[str, Any]
POLL = 0.1


class BatchStream:
    """Sentences of a source, batch by batch: the next is chosen by the weights that the
    one before has led to. The source is read whole, since all of it is chosen from.

    A batch is drawn from the seed and the number of sentences learnt: taken up again, a
    session goes on with the batch in which it stopped.

    acquire (Acquire): The strategy.
    dev (Path | None): Annotated `.spacy` file to score each round on; its tasks say how
        the model that chose them scored.
    Raises ValueError for a component that sets no entities, or a bad `dev`.
    """

    def __init__(
        self,
        nlp: Language,
        component: str,
        source: Source,
        acquire: Acquire,
        budget: Budget,
        background: BackgroundLearner,
        *,
        dev: Path | None = None,
        seed: int = 0,
    ):
        pipe: Any = nlp.get_pipe(component)
        if pipe.layer != "ner":
            raise ValueError(
                f"{component!r} sets no entities to ask about: `feedback` asks about "
                "tags."
            )
        if acquire.needs.votes:
            raise ValueError("The strategy needs a committee; there is one pipeline.")
        self.nlp, self.component, self.source = nlp, component, source
        self.acquire, self.budget, self.seed = acquire, budget, seed
        self.background = background
        # In a vocabulary of their own, as a source's Docs are.
        own = spacy.blank(nlp.lang or "xx").vocab
        self._dev = [] if dev is None else list(read_spacy(dev, own))
        self.labels: list[str] = list(pipe.tag_set.labels)
        self._scored: dict[int, float] = {}
        self._pool: dict[int, Words] = {}
        self._batch: list[int] = []
        self._asked: dict[int, None] = {}
        self._given: dict[tuple[int, str], None] = {}
        self._round = 0
        self._lock, self._closed = threading.Lock(), threading.Event()

    @property
    def problems(self) -> list[Problem]:
        return self.source.problems

    @property
    def fraction(self) -> float | None:
        """How much of the source was asked about."""
        with self._lock:
            done = len(self._known() & self._pool.keys())
        return done / len(self._pool) if self._pool else None

    @property
    def curve(self) -> list[dict[str, Any]]:
        """ "answered" sentences and "f1" (0 to 1), a round each; taken up again, a
        session has what its answered tasks say of rounds before."""
        with self._lock:
            return [
                {"answered": n_given, "f1": f1}
                for n_given, f1 in sorted(self._scored.items())
            ]

    def __iter__(self) -> Iterator[Task]:
        with memory_zone(self.nlp):
            for doc in self.source.docs(self.nlp):
                number = set_hashes({"text": doc.text}, VIEW)["_task_hash"]
                self._pool.setdefault(number, words_of(doc))
        weights: Any = {}
        while self._wait_until_learnt():
            weights = self.background.take_weights() or weights
            pipes_from_bytes(self.nlp, weights)
            tasks = self._next_batch()
            if not tasks:
                return
            yield from tasks

    def is_due(self, ledger: Ledger) -> bool:
        """Whether all of the batch that is being asked was answered."""
        with self._lock:
            batch = list(self._batch)
        return bool(batch) and all(map(ledger.who_answered, batch))

    def note(self, answers: Sequence[Task], *, taken_back: bool = False) -> None:
        """Take note of answers that the model is given, or that are taken back."""
        with self._lock:
            for task in answers:
                key = task["_task_hash"], task.get("_session_id") or ""
                if taken_back:
                    self._given.pop(key, None)
                else:
                    self._given[key] = None
                    # Tasks of older sessions do not say theirs.
                    self._round = max(self._round, task.get("round", -1) + 1)
                    if point := task.get("scored"):
                        self._scored.setdefault(point["answered"], point["f1"])

    def close(self) -> None:
        """Choose no more."""
        self._closed.set()

    def _known(self) -> set[int]:
        return {number for number, _ in self._given} | self._asked.keys()

    def _wait_until_learnt(self) -> bool:
        """RETURNS (bool): False when the session has ended."""
        while not self._closed.is_set():
            with self._lock:
                given = {number for number, _ in self._given}
                answered = given.issuperset(self._batch)
            # At the very start there is nothing to learn yet, so nobody waits for it.
            if answered and not (given and self.background.busy):
                return True
            self._closed.wait(POLL)
        return False

    def _next_batch(self) -> list[Task]:
        with self._lock:
            known, round = self._known(), self._round
            n_given = len({number for number, _ in self._given})
        with memory_zone(self.nlp):
            point = None
            if self._dev:
                point = {"answered": n_given, "f1": entity_f1(self.nlp, self._dev)}
            chosen = {"seed": self.seed, "round": round, "scored": point}
            tasks = [
                {**sentence_task(self.nlp(doc)), **chosen}
                for doc in self._choose(known)
            ]
        with self._lock:
            if point is not None:
                self._scored[n_given] = point["f1"]
            self._batch = [task["_task_hash"] for task in tasks]
            self._asked.update(dict.fromkeys(self._batch))
        return tasks

    def _choose(self, known: set[int]) -> list[Doc]:
        docs = {
            str(number): self._doc(number)
            for number in self._pool
            if self.acquire.needs.labelled or number not in known
        }
        new = [id for id in docs if int(id) not in known]
        if not new:
            return []
        view = view_pool(
            self.nlp, self.component, docs, self.acquire.needs, seed=self.seed
        )
        rng = default_rng([self.seed, len(known)])
        old = [id for id in docs if int(id) in known]
        chosen = self.acquire(view, old, new, self.budget, rng)
        return [self._doc(int(id)) for id in chosen]

    def _doc(self, number: int) -> Doc:
        words, spaces = self._pool[number]
        return Doc(self.nlp.vocab, words=list(words), spaces=list(spaces))


class ActiveTeacher:
    """What a recipe gives as `update`: has answers learnt, and tells the stream."""

    def __init__(self, background: BackgroundLearner, stream: BatchStream):
        self.feedback, self.stream = FeedbackTeacher(background), stream
        self.is_due: Callable[[Ledger], bool] = stream.is_due

    def __call__(self, answers: Sequence[Task]) -> None:
        """Have a batch learnt, without waiting for it."""
        self.feedback(answers)
        self.stream.note(answers)

    def forget(self, answers: Sequence[Task]) -> None:
        """Take answers back, and what was learnt from them."""
        self.stream.note(answers, taken_back=True)
        self.feedback.forget(answers)

    def close(self) -> None:
        """End the learner."""
        self.feedback.close()

    @property
    def busy(self) -> bool:
        """Whether something is still being learnt."""
        return self.feedback.busy

    @property
    def status(self) -> dict[str, Any]:
        """For the page."""
        return {**self.feedback.status, "curve": list(self.stream.curve)}


def entity_f1(nlp: Language, gold: Sequence[Doc]) -> float:
    """F1 of a pipeline's entities on annotated Docs; what is missing is left out."""
    read = nlp.pipe(bare_copy(doc, nlp.vocab) for doc in gold)
    return f1_of(list(read), gold, "ner")
