"""Questions on screens: what may still be handed to whom, against a plain search."""

from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_causal.server.open_tasks import OpenTasks

SESSIONS = ["ann", "bob", "cid"]
TIMEOUT = 60.0


class Room:
    """Open questions, and who answered them by when."""

    def __init__(self, overlap):
        self.who, self.order, self.screens = {}, [], {}
        self.now, self.n_looked_up, self.n_tasks = 0.0, 0, 0
        self.overlap = overlap
        self.open = OpenTasks(overlap, TIMEOUT, self.who_answered)

    def who_answered(self, number):
        self.n_looked_up += 1
        return set(self.who.get(number, ()))

    def add(self):
        self.open.add({"_task_hash": self.n_tasks})
        self.order.append(self.n_tasks)
        self.n_tasks += 1

    def ask(self, session, n):
        held = self.open.held_by(session, self.now)
        self.screens = {key: x for key, x in self.screens.items() if key[0] != session}
        for task in held:
            self.screens[session, task["_task_hash"]] = self.now + TIMEOUT
        for task in self.open.waiting_for(session, self.now):
            if len(held) >= n:
                break
            self.open.hand_out(task, session, self.now)
            self.screens[session, task["_task_hash"]] = self.now + TIMEOUT
            held.append(task)
        return [task["_task_hash"] for task in held]

    def answer(self, session, number):
        if number not in self.open or not self.open.may_answer(
            number, session, self.now
        ):
            return
        self.who.setdefault(number, []).append(session)
        self.open.answered(number, session)
        self.screens.pop((session, number), None)
        if len(self.who[number]) == self.overlap:
            self.order.remove(number)
            self.screens = {key: x for key, x in self.screens.items()
                            if key[1] != number}  # fmt: skip

    def undo(self, session):
        theirs = [number for number, names in self.who.items() if session in names]
        if not theirs:
            return
        number = theirs[-1]
        self.who[number].remove(session)
        if number not in self.order:
            self.order.append(number)
        self.open.give_back({"_task_hash": number}, session, self.now)
        self.screens[session, number] = self.now + TIMEOUT
        assert self.ask(session, 0)[0] == number

    def plain_search(self, session):
        """All open questions, one by one, as they came."""
        for number in self.order:
            answered = set(self.who.get(number, ()))
            shown = {
                name: until
                for (name, shown), until in self.screens.items()
                if shown == number
            }
            others = {name for name, until in shown.items() if until > self.now}
            taken = (others | answered) - {session}
            mine = session in answered or session in shown
            if not mine and len(taken) < self.overlap:
                yield number


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "ask", "answer", "answer", "undo", "wait"]),
        st.sampled_from(SESSIONS),
        st.integers(0, 5),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(1, 3))
def test_as_a_search_through_all_of_them(steps, overlap):
    """Of three annotators in any order, with undos, answers that come late, and
    questions that go out again."""
    room = Room(overlap)
    for what, session, n in steps:
        if what == "add":
            room.add()
        elif what == "ask":
            room.ask(session, n)
        elif what == "answer":
            shown = [number for name, number in room.screens if name == session]
            if shown:
                room.answer(session, shown[n % len(shown)])
        elif what == "undo":
            room.undo(session)
        else:
            room.now += 13 * n
        for each in SESSIONS:
            found = room.open.waiting_for(each, room.now)
            expected = list(room.plain_search(each))
            assert [task["_task_hash"] for task in found] == expected


def test_whoever_is_far_ahead_is_not_searched_for_among_all():
    room = Room(overlap=2)
    for _ in range(500):
        room.add()
        for number in room.ask("ann", 1):
            room.answer("ann", number)
    assert room.ask("bob", 1) == [0]
    before = room.n_looked_up
    assert room.ask("ann", 1) == []
    room.add()
    assert room.ask("ann", 1) == [500]
    assert room.n_looked_up - before < 10
