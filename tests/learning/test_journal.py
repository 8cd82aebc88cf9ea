"""The journal: whole lines, in order, whatever happens in between."""

import json
import os

import pytest

from spacy_causal.learning import journal as journals
from spacy_causal.learning.answers import Answer
from spacy_causal.learning.journal import (
    Answered,
    Journal,
    answered_record,
    surviving,
)

SAID = [
    Answered(("Ann", "ü\n"), (True, False), (Answer(key, 0, 1, ("PER",), "PER"),))
    for key in "abc"
]


def record(event, batch):
    return {"event": event, "batch": batch}


def test_comes_back_as_it_was(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    for i, said in enumerate(SAID):
        journal.append(answered_record(0, said))
        assert len(Journal(tmp_path / "journal.jsonl")) == i + 1
    journal.append(record("updated", 0))
    again = Journal(tmp_path / "journal.jsonl")
    assert list(again) == list(journal)
    assert surviving(again) == ([SAID], [])


def test_in_memory_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal()
    journal.append(answered_record(0, SAID[0]))
    assert len(journal) == 1 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("cut", [1, 2, 10, -1])
def test_a_last_line_that_was_cut_off_is_dropped(tmp_path, cut):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append(answered_record(0, SAID[0]))
    whole = path.read_bytes()
    journal.append(answered_record(0, SAID[1]))
    line = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + line[:cut])
    journal = Journal(path)
    assert surviving(journal) == ([], SAID[:1])
    journal.append(answered_record(0, SAID[2]))
    assert surviving(Journal(path)) == ([], [SAID[0], SAID[2]])


def test_every_record_is_on_the_disk_before_append_returns(tmp_path, monkeypatch):
    path, synced = tmp_path / "journal.jsonl", []

    def note(handle):
        found = os.fstat(handle)
        synced.append((found.st_ino, found.st_size))

    monkeypatch.setattr(os, "fsync", note)
    journal = Journal(path)
    for i, said in enumerate(SAID):
        synced.clear()
        journal.append(answered_record(0, said))
        assert synced[0] == (path.stat().st_ino, path.stat().st_size)
        # The new file's name is in the folder.
        folders = [] if i else [tmp_path.stat().st_ino]
        assert [inode for inode, _ in synced[1:]] == folders


def test_a_damaged_line_is_named(tmp_path):
    path = tmp_path / "journal.jsonl"
    good = json.dumps(record("updated", 0))
    for bad in ["{", "[]", "{}", '{"event": "x", "batch": 0}', '{"event": "answered"}']:
        path.write_text(f"{good}\n{bad}\n{good}\n")
        with pytest.raises(ValueError, match=r"journal\.jsonl:2: no record"):
            Journal(path)


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_an_interrupted_record_is_not_there(tmp_path, monkeypatch, failing):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append(answered_record(0, SAID[0]))
    before = path.read_bytes()

    def interrupted(*args):
        if failing == "write":
            path.write_bytes(before + args[1][:5])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        if failing == "write":
            patch.setattr(journals, "append_line", interrupted)
        else:
            patch.setattr(os, "fsync", interrupted)
        journal.append(answered_record(0, SAID[1]))
    assert path.read_bytes() == before and len(journal) == 1
    journal.append(answered_record(0, SAID[2]))
    assert surviving(Journal(path)) == ([], [SAID[0], SAID[2]])


def test_what_was_begun_is_whole(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event": "begun", "seed": 0}\n')
    with pytest.raises(
        ValueError, match="1: no record: what was begun lacks component"
    ):
        Journal(path)


def test_two_writers_are_found_out(tmp_path):
    path = tmp_path / "journal.jsonl"
    one, other = Journal(path), Journal(path)
    one.append(record("updated", 0))
    with pytest.raises(ValueError, match="somebody else"):
        other.append(record("updated", 0))
    assert len(Journal(path)) == 1


def test_what_survives_of_updates_and_undos():
    a, b, c = (answered_record(0, said) for said in SAID)
    updated = record("updated", 0)
    assert surviving([a, updated, b, updated, c]) == ([SAID[:1], SAID[1:2]], SAID[2:])
    undone = [a, updated, b, updated, c, record("undone", 0)]
    assert surviving(undone) == ([], SAID[2:])
    assert surviving([*undone, updated]) == ([SAID[2:]], [])


def test_answers_fit_their_doc():
    with pytest.raises(ValueError, match="one Doc, not about 2"):
        Answered(("x",), (False,), (SAID[0].answers[0], SAID[1].answers[0]))
    with pytest.raises(ValueError, match="1:2 of 'a', which has 1"):
        Answered(("x",), (False,), (Answer("a", 1, 2, ("PER",), None),))
