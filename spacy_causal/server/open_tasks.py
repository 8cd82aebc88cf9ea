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

    def __contains__(self, task_hash: int) -> bool:
        return task_hash in self._tasks

    def __getitem__(self, task_hash: int) -> Task:
        return self._tasks[task_hash]

    def add(self, task: Task) -> None:
        """Take up a question that is not open."""
        self._tasks[task["_task_hash"]] = task
        self._held[task["_task_hash"]] = {}

    def held_by(self, session: str, now: float) -> list[Task]:
        """What somebody was handed and has not answered, in that order, for as long
        again."""
        for number in list(self._of.get(session, ())):
            if not self._may_hold(number, session, now):
                self._release(number, session)
            else:
                self._held[number][session] = now + self.timeout
        return [self._tasks[number] for number in self._of.get(session, ())]

    def waiting_for(self, session: str, now: float) -> Iterator[Task]:
        """What else may be handed to somebody."""
        for number in list(self._tasks):
            held = session in self._held[number]
            answered = session in self._who_answered(number)
            if not held and not answered and self._may_hold(number, session, now):
                yield self._tasks[number]

    def may_come_back(self, session: str) -> bool:
        """Whether there are questions that somebody has not answered: where they can
        be handed none, others hold these."""
        return any(session not in self._who_answered(x) for x in self._tasks)

    def hand_out(
        self, task: Task, session: str, now: float, *, first: bool = False
    ) -> None:
        """Give a question to somebody; `first`: before all that they hold."""
        number = task["_task_hash"]
        self._held[number][session] = now + self.timeout
        held = self._of.get(session, {})
        new = {number: None}
        self._of[session] = {**new, **held} if first else {**held, **new}

    def may_answer(self, task_hash: int, session: str, now: float) -> bool:
        """Whether nobody else has taken the place in the meantime."""
        return self._may_hold(task_hash, session, now)

    def answered(self, task_hash: int, session: str) -> None:
        """Take note of an answer, once it counts as given."""
        self._release(task_hash, session)
        if len(self._who_answered(task_hash)) >= self.overlap:
            for other in list(self._held[task_hash]):
                self._release(task_hash, other)
            del self._tasks[task_hash], self._held[task_hash]

    def _may_hold(self, number: int, session: str, now: float) -> bool:
        others = {x for x, until in self._held[number].items() if until > now}
        others = (others | self._who_answered(number)) - {session}
        return len(others) < self.overlap

    def _release(self, number: int, session: str) -> None:
        self._held[number].pop(session, None)
        self._of.get(session, {}).pop(number, None)
