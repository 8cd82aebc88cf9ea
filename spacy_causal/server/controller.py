"""`Controller`: a session of any recipe, whoever asks: the page or a terminal."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Literal

from spacy_causal.server.agreement import view_of
from spacy_causal.server.answering import (
    Given,
    answered,
    is_same,
    unanswered,
    whole_task,
)
from spacy_causal.server.components import check_components
from spacy_causal.server.feed import Feed, Task
from spacy_causal.server.manual import VIEW as MANUAL
from spacy_causal.server.open_tasks import OpenTasks
from spacy_causal.server.resuming import answered_labels, check_resumable
from spacy_causal.store.database import Database
from spacy_causal.store.hashing import set_hashes
from spacy_causal.store.ledger import Ledger
from spacy_causal.store.records import AGREED, Record

Saved = Literal["saved", "known", "other", "taken", "unasked"]
BATCH_SIZE = 10
IN_INPUT = ("text", "tokens")
HASHES = ("_input_hash", "_task_hash", "_session_id")
QUIET = 0.2
PAUSE = 2.0
PATIENCE = 30.0


class Controller:
    """Hands out the questions of a stream, keeps the answers, has them learnt.

    An answer is on the disk when `answer` returns. The model is given what was answered
    whenever it has nothing else to do and a batch (`batch_size` of the config) waits;
    the journal says which answers it was given together, so that a session that is
    taken up again teaches the same.

    components (dict): What a recipe returned. Where `update` has a method `forget`, an
        undo also takes back what was learnt; where it has `busy`, it is waited for;
        where it has `is_due`, that says of the ledger whether a batch is complete;
        where it has `check`, that raises ValueError for an answer that it cannot learn.
        What `on_exit` returns is journaled at the end. What its config says of model
        and layer may refuse it a dataset, see `check_resumable`.
        Where `stream` has a method `resume`, it is first told what was answered.
    overlap, timeout: See `OpenTasks`.
    ahead (int): Questions made before they are asked for.
    Raises ValueError for a recipe that cannot be run, or a dataset somebody writes to.
    """

    def __init__(
        self,
        components: dict[str, Any],
        database: Database,
        *,
        overlap: int = 1,
        timeout: float = 600.0,
        ahead: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.components = check_components(components)
        self.view_id: str = components["view_id"]
        self.config: dict[str, Any] = components.get("config") or {}
        self.dataset: str = components["dataset"]
        self._update, self._clock = components.get("update"), clock
        self._lock, self._news = threading.RLock(), threading.Event()
        self._due: list[list[int]] = []
        self._closed, self._trouble = False, ""
        self._ending: dict[str, Any] = {}
        with ExitStack() as unless_begun:
            self._file = database.dataset(self.dataset)
            unless_begun.callback(self._file.close)
            self._take_up(database, overlap, timeout)
            self._feed = Feed(components["stream"], ahead=ahead)
            unless_begun.callback(self._feed.join, PATIENCE)
            unless_begun.callback(self._feed.close)
            self._teacher = threading.Thread(target=self._teach, daemon=True)
            self._teacher.start()
            unless_begun.callback(self._end_teaching)
            if components.get("on_load"):
                components["on_load"](self)
            unless_begun.pop_all()

    def _take_up(self, database: Database, overlap: int, timeout: float) -> None:
        """Go on where the dataset's journal ends."""
        self._inputs = database.inputs(self.dataset)
        records = list(database.records(self.dataset))
        self.ledger = Ledger(records)
        if self.ledger.answers:
            standing = self.ledger.answers
            check_resumable(records, standing, self.config, self.dataset)
            self.config = self.config | answered_labels(self.config, self._tasks())
        self._open = OpenTasks(overlap, timeout, self.ledger.who_answered)
        self._reopen()
        self._resume()
        self._write(Record("begun", content={"config": _plain(self.config)}))
        resume = getattr(self.components["stream"], "resume", None)
        if resume is not None:
            resume(self.ledger.answers.values())

    def questions(self, session: str, n: int = 1, *, wait: float = 0) -> list[Task]:
        """The next questions for somebody: first those they have not answered yet.

        wait (float): Seconds to wait if none is ready.
        RETURNS (list[Task]): At most `n`; none if none is ready, see `is_done`.
        """
        until = self._clock() + wait
        while True:
            with self._lock:
                tasks = self._gather(session, n)
            left = until - self._clock()
            if tasks or left <= 0 or self._feed.done:
                return tasks
            self._feed.wait(min(left, 0.25))

    def is_done(self, session: str) -> bool:
        """Whether there will be no more questions for somebody."""
        with self._lock:
            return not self._gather(session, 1) and self._feed.done

    def may_come_back(self, session: str) -> bool:
        """Whether somebody for whom nothing is left may get what others hold."""
        with self._lock:
            return self._open.may_come_back(session)

    def answer(self, session: str, given: Given) -> Saved:
        """Keep an answer.

        RETURNS (str): "saved"; "known" if it had been before; "other" if another answer
            of theirs had been, which stays; "taken" if the question is no longer theirs
            to answer; "unasked" if it was asked before the server was started anew, and
            is asked again. Nothing was kept then.
        Raises ValueError for an answer that the question does not have.
        """
        with self._lock:
            number = given.task_hash
            before = self.ledger.answer_to(number, session)
            if before is not None:
                return "known" if is_same(self.task_of(before), given) else "other"
            now = self._clock()
            known = number in self._open
            if not known and not self.ledger.who_answered(number):
                return "unasked"
            if not known or not self._open.may_answer(number, session, now):
                return "taken"
            labels = self.config.get("labels", ())
            task = answered(self._open[number], given, labels, view_id=self.view_id)
            getattr(self._update, "check", _anything)(task)
            self._write(self._record(task, session))
            self._open.answered(number, session)
        self._news.set()
        return "saved"

    def undo(self, session: str) -> Task | None:
        """Take back somebody's last answer and what was learnt from it.

        RETURNS (Task | None): The question, theirs again; None if there is none.
        """
        with self._lock:
            last = self.ledger.last_of(session, self._is_of_this_view)
            if last is None:
                return None
            whole = self.task_of(last)
            self._write(Record("undo", session, content={"answer": last.id}))
            task = unanswered(whole)
            self._open.give_back(task, session, self._clock())
            forget = getattr(self._update, "forget", None)
            if forget is not None:
                forget([whole])
        return task

    def take_over(self, tasks: Sequence[Task]) -> None:
        """Keep answers that annotators agreed on elsewhere, unless somebody answered
        here; what is not among them any longer is taken back."""
        with self._lock:
            new = {task["_task_hash"]: task for task in tasks}
            undone = []
            for record in list(self.ledger.answers.values()):
                task = new.get(record.task_hash)
                if record.session != AGREED or (
                    task is not None and self._content(task) == record.content
                ):
                    new.pop(record.task_hash, None)
                else:
                    undone.append(Record("undo", AGREED, content={"answer": record.id}))
            self._write(*undone, *(self._record(x, AGREED) for x in new.values()))

    def save(self) -> None:
        """Give the model all that waits, however little."""
        with self._lock:
            self._batch_what_waits()
            self._teach_what_is_due()

    def progress(self, session: str) -> dict[str, Any]:
        """What stands under the page."""
        stream = self.components["stream"]
        problems = getattr(stream, "problems", [])
        tell = self.components.get("progress")
        with self._lock:
            return {
                "answered": self.ledger.n_of(session),
                "total": len(self.ledger.answers),
                "agreed": self.ledger.n_of(AGREED),
                "sessions": self.ledger.sessions(),
                "fraction": tell(self, None) if tell else None,
                "waiting": len(self.ledger.waiting),
                "bad_lines": len(problems),
                "problems": [str(problem) for problem in problems[:20]],
                "learning": getattr(self._update, "status", None),
                "failure": self._failure(),
            }

    def _failure(self) -> str | None:
        broken = self._feed.failure
        return f"The source broke off: {broken}" if broken else self._trouble or None

    def _tasks(self) -> list[Task]:
        return [self.task_of(record) for record in self.ledger.answers.values()]

    def task_of(self, record: Record) -> Task:
        """An answered task, whole, as Prodigy would keep it."""
        return whole_task(record, self._inputs)

    def close(self) -> None:
        """Stop asking, have the rest learnt, let the dataset go.

        Raises what the recipe's `on_exit` does, once all else is done.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._feed.close()
        self._end_teaching()
        try:
            with self._lock, ExitStack() as then:
                # From the last to the first, whatever fails before.
                then.callback(self._file.close)
                then.callback(self._write_end)
                if self.components.get("on_exit"):
                    then.callback(self._exit)
                self._batch_what_waits()
                self._teach_what_is_due()
        finally:
            self._feed.join(PATIENCE)

    def _gather(self, session: str, n: int) -> list[Task]:
        now = self._clock()
        held = self._open.held_by(session, now)[:n]
        if len(held) < n:
            for task in self._open.waiting_for(session, now):
                self._open.hand_out(task, session, now)
                held.append(task)
                if len(held) == n:
                    break
        while len(held) < n and (made := self._feed.take()) is not None:
            task = set_hashes(made, self.view_id)
            by = self.ledger.who_answered(task["_task_hash"])
            full = len(by) >= self._open.overlap
            # Of a whole sentence the spans are a suggestion, not what is asked; and
            # what is reviewed was asked like that.
            whole = self.view_id == MANUAL or "versions" in task
            cut = not whole and self.ledger.touches(task)
            if task["_task_hash"] in self._open or full or cut:
                continue
            self._open.add(task)
            if session not in by:
                self._open.hand_out(task, session, now)
                held.append(task)
        return held

    def _reopen(self) -> None:
        """Questions that some have answered and others have yet to."""
        for record in self.ledger.answers.values():
            number = record.task_hash
            n_answers = len(self.ledger.who_answered(number))
            if record.session == AGREED or number in self._open:
                continue
            if not self._is_of_this_view(record):
                continue
            if n_answers < self._open.overlap:
                task = self.task_of(record)
                self._open.add(unanswered(task))

    def _is_of_this_view(self, record: Record) -> bool:
        return view_of(record.content or {}) == self.view_id

    def _resume(self) -> None:
        if self._update is not None:
            for batch in self.ledger.batches:
                self._update([self.task_of(self.ledger.answers[x]) for x in batch])

    def _record(self, task: Task, session: str) -> Record:
        hashes = task["_input_hash"], task["_task_hash"]
        self._inputs.setdefault(hashes[0], {x: task[x] for x in IN_INPUT if x in task})
        return Record("answer", session, *hashes, self._content(task))

    def _content(self, task: Task) -> Task:
        """An answered task without what the journal has elsewhere. A text may have been
        stored with other tokens: then the answer keeps its own."""
        stored = self._inputs.get(task["_input_hash"], {})
        elsewhere = [*HASHES, *(x for x in IN_INPUT if stored.get(x) == task.get(x))]
        return {key: value for key, value in task.items() if key not in elsewhere}

    def _write(self, *records: Record) -> None:
        hashes = [record.input_hash for record in records if record.input_hash]
        inputs = {number: self._inputs[number] for number in hashes}
        for record in self._file.append(records, inputs):
            self.ledger.take(record)

    def _write_end(self) -> None:
        n_answers = len(self.ledger.answers)
        self._write(Record("ended", content={"answers": n_answers, **self._ending}))

    def _exit(self) -> None:
        self._ending = self.components["on_exit"](self) or {}

    def _teach(self) -> None:
        """Gives batches to the model, in a thread: nobody's answer waits for that."""
        size = self.config.get("batch_size", BATCH_SIZE)
        while not self._closed:
            self._news.wait(QUIET)
            self._news.clear()
            busy = getattr(self._update, "busy", False)
            is_due = getattr(self._update, "is_due", None)
            with self._lock:
                full = len(self.ledger.waiting) >= size
                if not busy:
                    self._try_to_teach(is_due(self.ledger) if is_due else full)
            if self._trouble:
                self._news.wait(PAUSE)

    def _try_to_teach(self, is_full: bool) -> None:
        """Whoever annotates goes on, and it is tried again, whatever happens."""
        try:
            if is_full:
                self._batch_what_waits()
            self._teach_what_is_due()
            self._trouble = ""
        except Exception as error:
            self._trouble = f"what was answered was not learnt: {error}"

    def _batch_what_waits(self) -> None:
        waiting = list(self.ledger.waiting)
        if self._update is not None and waiting:
            self._write(Record("update", content={"answers": waiting}))
            self._due.append(waiting)

    def _teach_what_is_due(self) -> None:
        """A batch stays due until it is taught; what was taken back since is not."""
        while self._update is not None and self._due:
            answers = self.ledger.answers
            tasks = [self.task_of(answers[x]) for x in self._due[0] if x in answers]
            if tasks:
                self._update(tasks)
            del self._due[0]

    def _end_teaching(self) -> None:
        self._closed = True
        self._news.set()
        self._teacher.join()


def _anything(task: Task) -> None:
    """Any answer can be learnt where nothing is."""


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    """What is worth keeping of a config: not the guidelines' text."""
    return {key: value for key, value in config.items() if key != "instructions"}
