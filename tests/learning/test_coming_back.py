"""Sessions that are taken up again, checkpoints, and what is on the disk."""

from dataclasses import replace

import pytest
import spacy
import srsly
from spacy.tokens import Doc
from toy_sessions import FAST, answers_to, session, untrained, weights_of

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.journal import Journal
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.settings import LearnerSettings


@pytest.fixture
def on_disk(tmp_path, docs):
    nlp = untrained()
    journal = Journal(tmp_path / "journal.jsonl")
    learner = Learner(nlp, "causal_ner", settings=FAST, journal=journal, seed=1)
    session(learner, docs[:3])
    learner.save(tmp_path / "checkpoint")
    learner.answer(docs[0], [Answer("x", 0, 1, ("ORG",), "ORG", "mention")])
    learner.update()
    learner.answer(docs[4], answers_to(docs[4]))
    return learner


@pytest.mark.parametrize("with_checkpoint", [True, False])
def test_a_session_is_taken_up_again(tmp_path, docs, on_disk, with_checkpoint):
    kwargs = {"checkpoint": tmp_path / "checkpoint"} if with_checkpoint else {}
    nlp, copy = untrained(), tmp_path / "copy.jsonl"
    copy.write_bytes((tmp_path / "journal.jsonl").read_bytes())
    again = Learner(
        nlp, "causal_ner", settings=FAST, seed=1, journal=Journal(copy), **kwargs
    )  # fmt: skip
    assert weights_of(nlp) == weights_of(on_disk.nlp)
    assert again.waiting == on_disk.waiting and again.n_batches == 2
    assert again.update() == on_disk.update()
    assert weights_of(nlp) == weights_of(on_disk.nlp)
    again.undo(2)
    on_disk.undo(2)
    assert weights_of(nlp) == weights_of(on_disk.nlp)
    last = Learner(
        untrained(), "causal_ner", settings=FAST, seed=1, journal=Journal(copy),
        **kwargs,
    )  # fmt: skip
    assert weights_of(last.nlp) == weights_of(nlp) and last.n_batches == 1


def test_a_checkpoint_of_what_was_undone_since_is_not_used(tmp_path, docs, on_disk):
    on_disk.undo(2)
    on_disk.update()
    again = Learner(
        untrained(), "causal_ner", settings=FAST, seed=1,
        journal=Journal(tmp_path / "journal.jsonl"),
        checkpoint=tmp_path / "checkpoint",
    )  # fmt: skip
    assert weights_of(again.nlp) == weights_of(on_disk.nlp)


def test_a_checkpoint_of_another_session_is_refused(tmp_path, on_disk):
    path = tmp_path / "checkpoint"
    journal = on_disk.journal

    def load(**kwargs):
        settings = {"settings": FAST, "seed": 1, "journal": journal, **kwargs}
        Learner(untrained(), "causal_ner", checkpoint=path, **settings)

    load()
    with pytest.raises(ValueError, match="its seed is 1"):
        load(seed=2)
    with pytest.raises(ValueError, match="its settings is"):
        load(settings=LearnerSettings())
    with pytest.raises(ValueError, match="does not belong to the journal"):
        load(journal=Journal())
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match="is not a checkpoint"):
        load()
    middle = len(whole) // 2
    flipped = bytes([whole[middle] ^ 1])
    path.write_bytes(whole[:middle] + flipped + whole[middle + 1 :])
    with pytest.raises(ValueError, match="is damaged"):
        load()
    path.write_bytes(srsly.msgpack_dumps({"format": 2}))
    with pytest.raises(ValueError, match="is damaged"):
        load()


@pytest.mark.parametrize("failing", ["os.fsync", "pathlib.Path.replace"])
def test_a_checkpoint_is_whole_or_not_at_all(tmp_path, monkeypatch, on_disk, failing):
    path = tmp_path / "checkpoint"
    before, names = path.read_bytes(), sorted(tmp_path.iterdir())

    def fail(*args):
        raise OSError("no space left")

    monkeypatch.setattr(failing, fail)
    with pytest.raises(OSError, match="no space"):
        on_disk.save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before and sorted(tmp_path.iterdir()) == names


def test_a_label_of_an_answer_that_waits_stays(docs):
    learner = Learner(untrained(), "causal_ner", settings=FAST)
    session(learner, docs[:2])
    learner.answer(docs[2], [Answer("d", 0, 1, ("PER",), "ORG")])
    again = Learner(
        untrained(), "causal_ner", settings=FAST, journal=learner.journal
    )  # fmt: skip
    learner.undo()
    for each in (learner, again):
        assert each.nlp.get_pipe("causal_ner").labels == ("PER", "LOC", "ORG")
    assert learner.waiting


def test_an_ephemeral_session_leaves_nothing(tmp_path, monkeypatch, ner):
    monkeypatch.chdir(tmp_path)
    learner = Learner(ner, "causal_ner")
    words = ["Xanthippe", "rests"]
    learner.answer(
        Doc(spacy.blank("en").vocab, words=words),
        [Answer("d", 0, 1, ("PER",), "HERO", "mention")],
    )
    learner.update()
    with pytest.raises(ValueError, match="is ephemeral"):
        learner.save(tmp_path / "checkpoint")
    assert not list(tmp_path.iterdir())
    ner.to_disk(tmp_path / "model")
    for path in (tmp_path / "model").rglob("*"):
        assert path.is_dir() or b"Xanthippe" not in path.read_bytes()
    assert b"HERO" in (tmp_path / "model/vocab/strings.json").read_bytes()


def test_inside_a_memory_zone_of_the_caller(ner):
    learner = Learner(ner, "causal_ner")
    with ner.memory_zone():
        doc = ner("Xanthippe rests")
        learner.answer(doc, [Answer("d", 0, 1, ("PER",), "HERO", "mention")])
        learner.update()
    assert "HERO" in ner.vocab.strings and "Xanthippe" not in ner.vocab.strings
    learner.undo()


def test_a_journal_says_first_what_its_session_began_from(tmp_path, docs, on_disk):
    first, *others = on_disk.journal
    assert first["event"] == "begun" and first["labels"] == ["PER", "LOC"]
    assert (first["seed"], first["component"]) == (1, "causal_ner")
    assert [record["event"] for record in others].count("begun") == 0
    text = (tmp_path / "journal.jsonl").read_text()
    assert "Infinity" not in text and "NaN" not in text


@pytest.mark.parametrize(
    "differs,reason",
    [
        ({"seed": 2}, "its seed is 1, and not 2"),
        (
            {"settings": replace(FAST, updates=3, gold_share=0.5)},
            "updates is 2, and not 3, gold_share is 0.25, and not 0.5",
        ),
    ],
)
def test_a_journal_of_another_session_is_refused(tmp_path, on_disk, differs, reason):
    kwargs = {"settings": FAST, "seed": 1, **differs}
    journal = Journal(tmp_path / "journal.jsonl")
    nlp = untrained()
    before = weights_of(nlp)
    with pytest.raises(ValueError, match=f"jsonl is of a session.*{reason}"):
        Learner(nlp, "causal_ner", journal=journal, **kwargs)
    assert weights_of(nlp) == before


def test_answers_are_not_learnt_twice_by_a_model_that_was_taught(tmp_path, on_disk):
    path = tmp_path / "journal.jsonl"
    taught = untrained(labels=("PER", "LOC", "ORG"))
    taught.from_bytes(on_disk.nlp.to_bytes())
    kwargs = {"settings": FAST, "seed": 1}
    with pytest.raises(ValueError, match=r"its labels .*the weights differ"):
        Learner(taught, "causal_ner", journal=Journal(path), **kwargs)
    assert weights_of(taught) == weights_of(on_disk.nlp)
    again = Learner(
        taught, "causal_ner", journal=Journal(path),
        checkpoint=tmp_path / "checkpoint", **kwargs,
    )  # fmt: skip
    assert weights_of(again.nlp) == weights_of(on_disk.nlp)
    assert again.n_batches == on_disk.n_batches


def test_a_journal_that_does_not_say_where_it_began(docs, on_disk):
    journal = Journal()
    for record in list(on_disk.journal)[1:]:
        journal.append(record)
    with pytest.raises(ValueError, match="does not say what its session began from"):
        Learner(untrained(), "causal_ner", settings=FAST, seed=1, journal=journal)
