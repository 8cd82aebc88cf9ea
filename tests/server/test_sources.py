"""Texts from files: one by one, and what is bad is passed over and named."""

import gc
import os
import sys
import threading
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_causal.server.sources import Source

NLP = spacy.blank("en")


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = Source(str(path))
    texts = [doc.text for doc in source.docs(NLP)]
    return texts, [problem.line for problem in source.problems]


def test_text(tmp_path):
    content = b"\xef\xbb\xbfAnna lives\r\n\n \nin \xff Rome\n\xe5\xae\x89\xe5\xa8\x9c\n"
    assert read(tmp_path / "a.txt", content) == (["Anna lives", "安娜"], [4])


def test_jsonl(tmp_path):
    lines = [
        '{"text": "Anna", "label": [[0, 99, "PER"]], "answer": "reject"}',
        '{"text": "a\\nb"}',
        "{",
        "[1]",
        '{"text": 3}',
        '{"text": " "}',
        '{"text": "\\u0000"}',
        '{"text": "half \\ud800"}',
        '{"texts": "x"}',
        '{"text": "In-mo", "tokens": [{"start": 0, "end": 5}]}',
        '{"text": "ok"}',
    ]
    texts, bad = read(tmp_path / "a.jsonl", "\n".join(lines))
    assert texts == ["Anna", "a\nb", "In-mo", "ok"]
    assert bad == [3, 4, 5, 6, 7, 8, 9]


def test_a_source_may_have_tokens_of_its_own(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "In-mo x", "tokens": [{"start": 0, "end": 5}, '
                    '{"start": 6, "end": 7}]}')  # fmt: skip
    (doc,) = Source(str(path)).docs(NLP)
    assert [token.text for token in doc] == ["In-mo", "x"]


def test_csv(tmp_path):
    content = 'id,Text\n1,"Anna, here"\n2,"two\nlines"\n3,\n4,b\x07d\n5\n6,last\n'
    assert read(tmp_path / "a.csv", content) == (
        ["Anna, here", "two\nlines", "last"],
        [5, 6, 7],
    )


def test_csv_with_a_bad_line_in_a_text(tmp_path):
    content = b'\nText\n"first\n\xff\nlast"\n\xff\nnext\n"one\ntwo"\n'
    assert read(tmp_path / "a.csv", content) == (["next", "one\ntwo"], [4, 3, 6])


@pytest.mark.parametrize("between", [";", "\t", "|"])
def test_columns_that_are_not_parted_by_commas_are_no_texts(tmp_path, between):
    lines = [between.join(row) for row in (("text", "id"), ("Hello there", "1"))]
    texts, bad = read(tmp_path / "a.csv", "\n".join(lines))
    assert (texts, bad) == ([], [1])
    assert read(tmp_path / "b.csv", "Anna; Rome\n") == (["Anna; Rome"], [])


def test_csv_of_one_column_needs_no_name(tmp_path):
    assert read(tmp_path / "a.csv", "Anna\nRome\n") == (["Anna", "Rome"], [])
    texts, bad = read(tmp_path / "b.csv", "a,b\n1,2\n")
    assert texts == [] and bad == [1]


def test_spacy(tmp_path):
    docs = [Doc(NLP.vocab, words=["In-mo", "x"]), Doc(NLP.vocab), NLP("Anna")]
    DocBin(docs=docs).to_disk(tmp_path / "a.spacy")
    source = Source(str(tmp_path / "a.spacy"))
    found = list(source.docs(NLP))
    assert [[token.text for token in doc] for doc in found] == [
        ["In-mo", "x"],
        ["Anna"],
    ]
    assert source.fraction == 1


def test_docs_are_made_when_they_are_wanted(tmp_path):
    made = DocBin(docs=[NLP(f"Anna {i}") for i in range(500)] + [Doc(NLP.vocab)])
    made.to_disk(tmp_path / "a.spacy")
    source = Source(str(tmp_path / "a.spacy"))
    assert source.fraction == 0
    n_before = n_docs_alive()
    docs = source.docs(NLP)
    for i in range(1, 501):
        doc = next(docs)
        assert doc.text == f"Anna {i - 1}" and source.fraction == i / 501
        if i % 100 == 0:
            assert n_docs_alive() - n_before <= 3
    assert next(docs, None) is None and source.fraction == 1


def test_a_file_that_holds_no_docs_is_named(tmp_path):
    (tmp_path / "a.spacy").write_bytes(b"text")
    with pytest.raises(ValueError, match=r"a\.spacy: not a \.spacy file"):
        next(Source(str(tmp_path / "a.spacy")).docs(NLP))


def n_docs_alive():
    return sum(type(each) is Doc for each in gc.get_objects())


def test_texts_are_read_when_they_are_wanted(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("text\n" * 100_000)
    source = Source(str(path))
    docs = source.docs(NLP)
    next(docs)
    assert 0 < source.fraction < 0.001


@pytest.mark.skipif(sys.platform == "win32", reason="has no /dev")
def test_standard_input_that_says_nothing_is_not_waited_for():
    reading, writing = os.pipe()
    source, texts = Source("-"), []
    source.path = Path(f"/dev/fd/{reading}")
    first = threading.Event()

    def read():
        for doc in source.docs(NLP):
            texts.append(doc.text)
            first.set()

    thread = threading.Thread(target=read)
    thread.start()
    os.write(writing, b'Anna\n{"text": "Bob')
    assert first.wait(30)
    os.write(writing, b'"}\nhalf a li')
    source.close()
    thread.join(30)
    for end in (reading, writing):
        os.close(end)
    assert not thread.is_alive()
    assert texts in (["Anna"], ["Anna", "Bob"]) and not source.problems


@pytest.mark.parametrize("suffix", [".txt", ".spacy"])
def test_nor_is_the_rest_of_a_file_read(tmp_path, suffix):
    texts = ["one", "two", "three"]
    path = tmp_path / f"a{suffix}"
    if suffix == ".txt":
        path.write_text("\n".join(texts))
    else:
        DocBin(docs=[NLP(text) for text in texts]).to_disk(path)
    source = Source(str(path))
    docs = source.docs(NLP)
    assert next(docs).text == "one"
    source.close()
    assert list(docs) == []
