"""The ledger: the same from the whole journal and step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.store.ledger import Ledger
from spacy_causal.store.records import Record


def answer(number, session="", task=1, text=1, span=(0, 4)):
    spans = [{"start": span[0], "end": span[1]}]
    content = {"spans": spans, "accept": ["PER"]}
    return Record("answer", session, text, task, content, id=number)


def undo(number, of, session=""):
    return Record("undo", session, content={"answer": of}, id=number)


def update(number, answers):
    return Record("update", content={"answers": answers}, id=number)


def state(ledger):
    return (
        list(ledger.answers),
        ledger.batches,
        ledger.waiting,
        {s: (ledger.n_of(s), ledger.last_of(s)) for s in ("a", "b")},
        {t: ledger.who_answered(t) for t in range(5)},
    )


def possible_records(choices):
    """A journal that could be, from a list of numbers."""
    records, standing, waiting = [], {}, []
    for i, (what, session, task) in enumerate(choices, start=1):
        last = [n for n, record in standing.items() if record.session == session]
        if what == "undo" and last:
            records.append(undo(i, last[-1], session))
            del standing[last[-1]]
            waiting = [n for n in waiting if n != last[-1]]
        elif what == "update" and waiting:
            records.append(update(i, list(waiting)))
            waiting = []
        elif not any(
            (x.session, x.task_hash) == (session, task) for x in standing.values()
        ):
            records.append(answer(i, session, task))
            standing[i] = records[-1]
            waiting.append(i)
    return records, standing, waiting


CHOICES = st.lists(
    st.tuples(
        st.sampled_from(["answer", "answer", "undo", "update"]),
        st.sampled_from(["a", "b"]),
        st.integers(0, 4),
    )
)


@given(CHOICES, st.integers(0, 100))
def test_step_by_step_is_the_whole_journal(choices, cut):
    records, standing, waiting = possible_records(choices)
    ledger = Ledger(records[:cut])
    for record in records[cut:]:
        ledger.take(record)
    assert state(ledger) == state(Ledger(records))
    assert ledger.answers == standing
    assert ledger.waiting == waiting
    learnt = [number for batch in ledger.batches for number in batch]
    assert sorted(learnt + waiting) == sorted(standing)
    assert all(ledger.batches)


def test_an_undo_leaves_the_rest_of_its_batch():
    records = [answer(1), answer(2, task=2), answer(3, task=3), update(4, [1, 2])]
    ledger = Ledger([*records, update(5, [3]), undo(6, 1), undo(7, 3)])
    assert ledger.batches == [[2]] and ledger.waiting == []
    assert ledger.last_of("").id == 2


def test_who_answered_what():
    ledger = Ledger([answer(1, "a"), answer(2, "b"), answer(3, "a", task=2)])
    assert ledger.who_answered(1) == {"a", "b"}
    assert ledger.answer_to(1, "b").id == 2 and ledger.answer_to(2, "b") is None
    assert ledger.sessions() == ["a", "b"]
    assert ledger.n_of("a") == 2 and ledger.n_of("nobody") == 0


@pytest.mark.parametrize(
    ("span", "touches"),
    [((0, 4), False), ((2, 6), True), ((0, 9), True), ((4, 6), False), ((1, 2), True)],
)
def test_a_mention_that_is_cut_another_way_is_known(span, touches):
    spans = [{"start": span[0], "end": span[1]}]
    ledger = Ledger([answer(1, span=(0, 4))])
    assert ledger.touches({"_input_hash": 1, "spans": spans}) == touches
    assert not ledger.touches({"_input_hash": 2, "spans": spans})
