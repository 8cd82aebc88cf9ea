"""Which question is on whose screen."""

from collections.abc import Callable, Iterator
from typing import Any

Task = dict[str, Any]
WhoAnswered = Callable[[int], set[str]]


class OpenTasks:
    """Questions that were handed out, or wait for more people, by task hash.

    overlap (int): How many people answer each question.
    timeout (float): Seconds after which a question that somebody was handed and did
        not answer may go to somebody else.
    """

    def __init__(self, overlap: int, timeout: float, who_answered: WhoAnswered):
        if overlap < 1 or timeout <= 0:
            raise ValueError("overlap is at least 1, and the timeout is positive.")
        self.overlap, self.timeout = overlap, timeout
        self._who_answered = who_answered
        self._tasks: dict[int, Task] = {}
        self._held: dict[int, dict[str, float]] = {}
        self._of: dict[str, dict[int, None]] = {}
        # What a session has not answered, in the order of the tasks. It saves searching
        # all open tasks anew for a session that is far ahead of the others.
        self._left: dict[str, dict[int, None]] = {}

    def __contains__(self, task_hash: int) -> bool:
        return task_hash in self._tasks

    def __getitem__(self, task_hash: int) -> Task:
        return self._tasks[task_hash]

    def add(self, task: Task) -> None:
        """Take up a question that is not open."""
        number = task["_task_hash"]
        self._tasks[number] = task
        self._held[number] = {}
        answered = self._who_answered(number)
        for session, left in self._left.items():
            if session not in answered:
                left[number] = None

    def held_by(self, session: str, now: float) -> list[Task]:
        """What somebody was handed and has not answered, in that order, for as long
        again."""
        for number in list(self._of.get(session, ())):
            if not self.may_answer(number, session, now):
                self._release(number, session)
            else:
                self._held[number][session] = now + self.timeout
        return [self._tasks[number] for number in self._of.get(session, ())]

    def waiting_for(self, session: str, now: float) -> Iterator[Task]:
        """What else may be handed to somebody."""
        for number in self._left_to(session):
            held = session in self._held[number]
            if not held and self.may_answer(number, session, now):
                yield self._tasks[number]

    def may_come_back(self, session: str) -> bool:
        """Whether something is open that somebody has not answered, whoever holds it
        now."""
        return bool(self._left_to(session))

    def hand_out(self, task: Task, session: str, now: float) -> None:
        """Give a question to somebody, after all that they hold."""
        number = task["_task_hash"]
        self._held[number][session] = now + self.timeout
        self._of.setdefault(session, {})[number] = None

    def give_back(self, task: Task, session: str, now: float) -> None:
        """Give a question, open or not, to somebody whose answer to it counts no
        longer, before all that they hold."""
        if task["_task_hash"] not in self:
            self.add(task)
        # Its place among the others is computed when it is needed.
        self._left.pop(session, None)
        held = self._of.pop(session, {})
        self.hand_out(task, session, now)
        self._of[session].update(held)

    def may_answer(self, task_hash: int, session: str, now: float) -> bool:
        """Whether others have not taken all the places."""
        others = {x for x, until in self._held[task_hash].items() if until > now}
        others = (others | self._who_answered(task_hash)) - {session}
        return len(others) < self.overlap

    def answered(self, task_hash: int, session: str) -> None:
        """Take note of an answer, once it counts as given."""
        self._release(task_hash, session)
        self._left_to(session).pop(task_hash, None)
        if len(self._who_answered(task_hash)) >= self.overlap:
            for other in list(self._held[task_hash]):
                self._release(task_hash, other)
            for left in self._left.values():
                left.pop(task_hash, None)
            del self._tasks[task_hash], self._held[task_hash]

    def _left_to(self, session: str) -> dict[int, None]:
        if session not in self._left:
            self._left[session] = {
                number: None
                for number in self._tasks
                if session not in self._who_answered(number)
            }
        return self._left[session]

    def _release(self, number: int, session: str) -> None:
        self._held[number].pop(session, None)
        self._of.get(session, {}).pop(number, None)
