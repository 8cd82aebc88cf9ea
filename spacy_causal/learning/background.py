"""`BackgroundLearner`: a learner in a process of its own, that nobody waits for."""

import os
import threading
from collections.abc import Callable, Collection, Hashable, Sequence
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from queue import SimpleQueue
from signal import SIG_IGN, SIGINT, signal
from typing import Any

from spacy.tokens import Doc

from spacy_causal.files import write_folder_whole
from spacy_causal.learning.hearing import learning_pipes
from spacy_causal.learning.journal import Answered
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.reading import memory_zone
from spacy_causal.learning.settings import UpdateReport
from spacy_causal.learning.weights import pipes_to_bytes

Said = tuple[Hashable, Answered]
Weights = dict[str, bytes]
Fallen = list[list[str]]
META = "meta.json"
NICENESS = 3
MOST_DEATHS = 3


class Lessons:
    """What a learner was taught, batch by batch, each answer under a key by which it
    can be taken back. The same batches give the same weights, whatever was taught and
    taken back in between.

    build (Callable[[], Learner]): The learner as it was before the first batch.
    """

    def __init__(self, build: Callable[[], Learner]):
        self._build = build
        self.learner = build()
        self.batches: list[list[Said]] = []
        self.reports: list[UpdateReport] = []

    def learn(self, batch: Sequence[Said]) -> None:
        """Teach a batch. If that fails, nothing of it has been taught."""
        try:
            with memory_zone(self.learner.nlp):
                for _, said in batch:
                    self.learner.answer(_doc_of(self.learner, said), said.answers)
            report = self.learner.update()
        except Exception:
            earlier, self.batches, self.reports = self.batches, [], []
            self.learner = self._build()
            for kept in earlier:
                self.learn(kept)
            raise
        self.batches.append(list(batch))
        self.reports.append(report)

    def forget(self, keys: Collection[Hashable]) -> None:
        """Take answers back as if they had never been; a batch of nothing else goes.

        Raises the first error of a batch that could not be taught again without them,
        once the others are.
        """
        gone = set(keys)
        first = next(
            (i for i, x in enumerate(self.batches) if gone & {key for key, _ in x}),
            len(self.batches),
        )
        later = self.batches[first:]
        if later:
            self.learner.undo(len(later))
            del self.batches[first:], self.reports[first:]
        failed: Exception | None = None
        for batch in later:
            kept = [said for said in batch if said[0] not in gone]
            try:
                if kept:
                    self.learn(kept)
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed

    @property
    def fallen(self) -> Fallen:
        """Of each batch, the labels whose loss of F1 had it rolled back, if it was."""
        return [sorted(report.fell) for report in self.reports]

    def weights(self) -> Weights:
        """Labels and weights of the pipes that learn."""
        learner, settings = self.learner, self.learner.settings
        freeze, also = settings.freeze, settings.also_train
        names = learning_pipes(learner.nlp, learner.component, freeze, also)
        return pipes_to_bytes(learner.nlp, names)


class BackgroundLearner:
    """Teaches in a spawned process; calls return at once, and weights come when they
    are ready. A process that dies is replaced and taught again, a few times; one whose
    learner cannot be built is not. Without one nothing is learnt any more.

    build (Callable[[], Learner]): Makes the learner, in the process; it has to be
        picklable and give the same learner each time.
    failure (str | None): What went wrong last, where nothing has been learnt since.
    n_learnt, n_rolled_back (int): Batches gone through, by what became of them.
    fell (list[str]): The labels whose loss of F1 had the last batch rolled back, if it
        was.
    """

    def __init__(self, build: Callable[[], Learner]):
        self._build = build
        self._lock = threading.Lock()
        self._batches: list[list[Said]] = []
        self._weights: Weights | None = None
        self._saved: SimpleQueue[str | None] = SimpleQueue()
        self._saving = self._closing = False
        self._n_deaths = 0
        self._dead = False
        self.failure: str | None = None
        self.n_learnt = self.n_rolled_back = 0
        self.fell: list[str] = []
        self._start()

    @property
    def busy(self) -> bool:
        """Whether something that was asked for is not done yet."""
        return not self._dead and self._n_asked > self._n_done

    def learn(self, batch: Sequence[Said]) -> None:
        """Have a batch of answers taught, each under its key."""
        with self._lock:
            self._batches.append(list(batch))
            self._ask("learn", list(batch))

    def forget(self, keys: Collection[Hashable]) -> None:
        """Have answers taken back; those that were not taught are passed over."""
        gone = set(keys)
        with self._lock:
            kept = [[x for x in batch if x[0] not in gone] for batch in self._batches]
            if kept != self._batches:
                self._batches = [batch for batch in kept if batch]
                self._ask("forget", gone)

    def take_weights(self) -> Weights | None:
        """The newest weights, once; None if there are no others than before."""
        with self._lock:
            weights, self._weights = self._weights, None
            return weights

    def save(self, path: str | Path) -> None:
        """Write the pipeline once all that was asked for is learnt, and wait for it.

        Raises OSError when it cannot be written.
        """
        with self._lock:
            self._saving = True
            self._ask("save", str(path))
            if self._dead:
                self._end_save(self.failure)
        problem = self._saved.get()
        if problem is not None:
            raise OSError(f"The pipeline was not saved to {path}: {problem}")

    def close(self) -> None:
        """End the process, also while it learns."""
        with self._lock:
            self._closing = True
            self._outbox.put(None)
            process = self._process
        process.terminate()
        process.join(10)

    def _start(self) -> None:
        self._n_asked, self._n_done = 1, 0
        context = get_context("spawn")
        mine, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=_teach, args=(self._build, theirs), daemon=True
        )
        self._process.start()
        theirs.close()
        self._outbox: SimpleQueue[tuple[str, Any] | None] = SimpleQueue()
        for batch in self._batches:
            self._ask("learn", batch)
        for target, args in (
            (_send, (self._outbox, mine)),
            (self._receive, (mine,)),
        ):
            threading.Thread(target=target, args=args, daemon=True).start()

    def _ask(self, what: str, value: Any) -> None:
        if not self._dead:
            self._n_asked += 1
            self._outbox.put((what, value))

    def _receive(self, connection: Connection) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._take(*connection.recv())
        with self._lock:
            self._outbox.put(None)
            if self._closing:
                return
            self._n_deaths += 1
            if not self._dead:
                self.failure = "the process that learns has died"
                self._dead = self._n_deaths > MOST_DEATHS
            if not self._dead:
                self._start()
            self._end_save(self.failure)

    def _take(
        self, what: str, fallen: Fallen, problem: str | None, weights: Any
    ) -> None:
        with self._lock:
            self._n_done += 1
            self.n_rolled_back = sum(map(bool, fallen))
            self.n_learnt = len(fallen) - self.n_rolled_back
            self.fell = fallen[-1] if fallen else []
            self._weights = weights or self._weights
            if what in ("learn", "forget") and (problem or weights):
                self.failure = problem
            if what == "build" and problem:
                self.failure, self._dead = problem, True
            if what == "save":
                self._end_save(problem)

    def _end_save(self, problem: str | None) -> None:
        if self._saving:
            self._saving = False
            self._saved.put(problem)


def _send(outbox: SimpleQueue, connection: Connection) -> None:
    """A full pipe makes whoever writes to it wait: that is a thread of its own."""
    with suppress(OSError):
        while (message := outbox.get()) is not None:
            connection.send(message)


def _teach(build: Callable[[], Learner], connection: Connection) -> None:
    """The process: it ends with the one that started it."""
    # Ctrl+C goes to both; the server saves first, and ends this one itself.
    signal(SIGINT, SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        try:
            lessons = Lessons(build)
        except Exception as error:
            connection.send(("build", [], _reason(error), None))
            return
        with suppress(AttributeError):
            os.nice(NICENESS)
        connection.send(("build", [], None, None))
        while True:
            what, value = connection.recv()
            problem = _obey(lessons, what, value)
            # If more work is waiting, these weights would soon be replaced: skip them.
            weights = None if connection.poll() else lessons.weights()
            connection.send((what, lessons.fallen, problem, weights))


def _end_with_parent() -> None:
    """Whoever is killed and started again does not share its cores with this one."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _obey(lessons: Lessons, what: str, value: Any) -> str | None:
    """RETURNS (str | None): What went wrong."""
    try:
        if what == "learn":
            lessons.learn(value)
        elif what == "forget":
            lessons.forget(value)
        else:
            check_replaceable(Path(value))
            write_folder_whole(Path(value), lessons.learner.nlp.to_disk)
    except Exception as error:
        return _reason(error)
    return None


def check_replaceable(folder: Path) -> None:
    """Raise ValueError for a folder in which there is something else than a pipeline:
    saving one there replaces the folder."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / META).is_file():
        raise ValueError(
            f"{folder} is not empty and holds no pipeline: give another folder."
        )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _doc_of(learner: Learner, said: Answered) -> Doc:
    words, spaces = list(said.words), list(said.spaces)
    return Doc(learner.nlp.vocab, words=words, spaces=spaces)
