"""`Ledger`: what a journal comes to."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy_causal.store.records import Record

Place = tuple[int, int]


class Ledger:
    """The state that a journal's records lead to: which answers stand, whose they are,
    and which of them were learnt together.

    Reading the journal from its start gives the same as taking each record when it is
    written.

    answers (dict[int, Record]): Those that stand, by id, in the order given.
    batches (list[list[int]]): Those that the model was given, together; none is empty.
    waiting (list[int]): Those that it was not given yet.
    """

    def __init__(self, records: Iterable[Record] = ()):
        self.answers: dict[int, Record] = {}
        self.batches: list[list[int]] = []
        self.waiting: list[int] = []
        self._by_task: dict[int, dict[str, int]] = {}
        self._by_session: dict[str, list[int]] = {}
        self._places: dict[int, dict[int, list[Place]]] = {}
        for record in records:
            self.take(record)

    def take(self, record: Record) -> None:
        """Go on by one record."""
        if record.kind == "answer":
            self.answers[record.id] = record
            self.waiting.append(record.id)
            self._by_task.setdefault(record.task_hash, {})[record.session] = record.id
            self._by_session.setdefault(record.session, []).append(record.id)
            places = self._places.setdefault(record.input_hash, {})
            places[record.id] = _places(record.content or {})
        elif record.kind == "undo":
            self._take_back((record.content or {})["answer"])
        elif record.kind == "update":
            given = set((record.content or {})["answers"])
            self.batches.append([x for x in self.waiting if x in given])
            self.waiting = [x for x in self.waiting if x not in given]
            self._drop_empty()

    def who_answered(self, task_hash: int) -> set[str]:
        """The sessions whose answer to a question stands."""
        return set(self._by_task.get(task_hash, ()))

    def answer_to(self, task_hash: int, session: str) -> Record | None:
        """A session's answer to a question."""
        number = self._by_task.get(task_hash, {}).get(session)
        return None if number is None else self.answers[number]

    def last_of(
        self, session: str, wanted: Callable[[Record], bool] = bool
    ) -> Record | None:
        """A session's last answer among those that are wanted."""
        given = reversed(self._by_session.get(session, ()))
        return next((x for x in map(self.answers.get, given) if x and wanted(x)), None)

    def n_of(self, session: str) -> int:
        """How many answers of a session stand."""
        return len(self._by_session.get(session, ()))

    def sessions(self) -> list[str]:
        """Those with answers that stand, sorted."""
        return sorted(name for name, given in self._by_session.items() if given)

    def touches(self, task: dict[str, Any]) -> bool:
        """Whether an answer about other characters of the same text overlaps this
        question: a model that has learnt since cut the mention another way."""
        asked = _places(task)
        for answered in self._places.get(task["_input_hash"], {}).values():
            if answered != asked and any(
                start < other_end and other_start < end
                for start, end in asked
                for other_start, other_end in answered
            ):
                return True
        return False

    def _take_back(self, number: int) -> None:
        record = self.answers.pop(number)
        del self._by_task[record.task_hash][record.session]
        self._by_session[record.session].remove(number)
        del self._places[record.input_hash][number]
        for batch in (self.waiting, *self.batches):
            if number in batch:
                batch.remove(number)
        self._drop_empty()

    def _drop_empty(self) -> None:
        self.batches = [batch for batch in self.batches if batch]


def _places(task: dict[str, Any]) -> list[Place]:
    return [(span["start"], span["end"]) for span in task.get("spans", ())]
