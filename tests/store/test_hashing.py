"""Hashes that tell texts and questions apart, in JavaScript too."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.store.hashing import input_hash, set_hashes, task_hash

TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)


@given(TEXTS, TEXTS)
def test_texts_are_told_apart(one, other):
    assert (input_hash(one) == input_hash(other)) == (one == other)
    assert 0 <= input_hash(one) < 2**53


def test_hashes_are_the_same_in_every_process():
    assert input_hash("Anna lives in Paris.") == 3378063961626308
    assert task_hash(7, "choice", [{"start": 0, "end": 4}]) == 4241277991552777


def test_a_question_is_its_place_and_not_what_was_shown():
    asked = {"text": "Anna", "spans": [{"start": 0, "end": 4, "label": "mention"}]}
    one = set_hashes({**asked, "options": [{"id": "PER"}]}, "choice")
    other = set_hashes({**asked, "options": [{"id": "LOC"}]}, "choice")
    assert one["_task_hash"] == other["_task_hash"]
    shorter = {**asked, "spans": [{"start": 0, "end": 3}]}
    assert set_hashes(shorter, "choice")["_task_hash"] != one["_task_hash"]
    assert set_hashes(asked, "ner_manual")["_task_hash"] != one["_task_hash"]
    assert set_hashes(one, "choice") == one
