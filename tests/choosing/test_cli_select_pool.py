"""Which texts of a pool `select` has to choose from."""

import json

import pytest
import spacy
from selecting import TEXTS, call, read
from spacy.tokens import Doc, DocBin


def test_sentences_with_offsets_into_their_texts(model, pool, tmp_path):
    output = tmp_path / "batch.jsonl"
    call(model, pool, "--budget", "99", "-o", output, "--split", "sents")
    tasks = read(output)
    assert len(tasks) == 24
    for task in tasks:
        meta = task["meta"]
        assert TEXTS[meta["line"] - 1][meta["start"] : meta["end"]] == task["text"]
        assert task["text"].endswith(".")


def test_lines_of_a_text_and_lines_of_a_file(model, tmp_path):
    pool, output = tmp_path / "pool.jsonl", tmp_path / "batch.jsonl"
    pool.write_text(json.dumps({"text": " one two\n\nthree\r\nfour "}))
    call(model, pool, "--budget", "9", "-o", output, "--split", "lines")
    found = sorted((t["meta"]["start"], t["text"]) for t in read(output))
    assert found == [(1, "one two"), (10, "three"), (17, "four")]
    pool = tmp_path / "pool.txt"
    pool.write_text("one two\n\nthree\n")
    call(model, pool, "--budget", "9", "-o", output)
    assert sorted(task["meta"]["line"] for task in read(output)) == [1, 3]


@pytest.mark.parametrize("split", ["none", "sents"])
def test_docs_keep_their_tokens(split, model, tmp_path):
    vocab = spacy.blank("en").vocab
    words = ["don't", "stop", ".", "go", "on", "."]
    spaces = [True, False, True, True, False, False]
    pool, output = tmp_path / "pool.spacy", tmp_path / "batch.jsonl"
    DocBin(docs=[Doc(vocab, words=words, spaces=spaces)]).to_disk(pool)
    shown = call(model, pool, "--budget", "9", "-o", output, "--split", split)
    assert shown.exit_code == 0, shown.output
    tasks = sorted(read(output), key=lambda task: task["meta"]["start"])
    assert len(tasks) == (1 if split == "none" else 2)
    assert [t["text"] for task in tasks for t in task["tokens"]] == words
    for task in tasks:
        meta = task["meta"]
        assert "don't stop. go on."[meta["start"] : meta["end"]] == task["text"]
        for token in task["tokens"]:
            assert task["text"][token["start"] : token["end"]] == token["text"]


def test_what_is_labelled_is_left_out(model, pool, tmp_path):
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    for strategy in ("wbadge", "coreset"):
        call(model, pool, "--budget", 8, "-o", first, "--strategy", strategy)
        shown = call(
            *(model, pool, "--budget", 99, "-o", second, "--strategy", strategy),
            *("--labelled", first),
        )
        assert "labelled already: 8." in shown.stdout
        texts = [task["text"] for path in (first, second) for task in read(path)]
        assert sorted(texts) == sorted(TEXTS)


def test_several_files_of_what_is_labelled(model, pool, tmp_path):
    files = [tmp_path / f"{number}.jsonl" for number in range(4)]
    for number, file in enumerate(files):
        before = [x for path in files[:number] for x in ("--labelled", path)]
        shown = call(model, pool, "--budget", 3, "-o", file, *before,
                     *("--strategy", "coreset"))  # fmt: skip
        assert shown.exit_code == 0, shown.output
    texts = [task["text"] for path in files for task in read(path)]
    assert sorted(texts) == sorted(TEXTS)
    shown = call(model, pool, "--budget", 3, "-o", files[1],
                 *("--labelled", files[0], "--labelled", files[1]))  # fmt: skip
    assert "is also an input: write to another" in " ".join(shown.output.split())


@pytest.mark.parametrize("split", ["none", "sents"])
def test_docs_that_end_in_a_space_are_known_again(split, model, tmp_path):
    vocab, pool = spacy.blank("en").vocab, tmp_path / "pool.spacy"
    docs = [Doc(vocab, words=["Hi", name, "."]) for name in ("Anna", "Bert", "Cora")]
    assert docs[0].text == "Hi Anna . "
    DocBin(docs=docs).to_disk(pool)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    settings = ("--strategy", "random", "--split", split)
    call(model, pool, "--budget", 2, "-o", first, *settings)
    shown = call(model, pool, "--budget", 9, "-o", second, *settings,
                 *("--labelled", first))  # fmt: skip
    assert "labelled already: 2." in shown.output
    lines = [t["meta"]["line"] for path in (first, second) for t in read(path)]
    assert sorted(lines) == [1, 2, 3]


def test_sentences_of_a_labelled_text_are_left_out(model, pool, tmp_path):
    known, output = tmp_path / "known.txt", tmp_path / "batch.jsonl"
    known.write_text(f"{TEXTS[3]}\n")
    shown = call(model, pool, "--budget", 99, "-o", output, "--split", "sents",
                 *("--strategy", "random", "--labelled", known))  # fmt: skip
    assert "labelled already: 2." in shown.output
    assert len(read(output)) == 22


@pytest.mark.parametrize("kind", ["jsonl", "spacy"])
def test_lines_of_a_labelled_text_are_left_out(kind, model, tmp_path):
    pool, known = tmp_path / "pool.jsonl", tmp_path / f"known.{kind}"
    both, output = "It rained .\nWe left .", tmp_path / "batch.jsonl"
    pool.write_text(json.dumps({"text": f"{both}\nHe came ."}))
    if kind == "spacy":
        DocBin(docs=[spacy.blank("en")(both)]).to_disk(known)
    else:
        known.write_text(json.dumps({"text": both}))
    shown = call(model, pool, "--budget", 9, "-o", output, "--split", "lines",
                 *("--strategy", "random", "--labelled", known))  # fmt: skip
    assert "labelled already: 2." in shown.output
    assert [task["text"] for task in read(output)] == ["He came ."]


def test_bad_lines_are_named_skipped_and_counted(model, tmp_path):
    pool, output = tmp_path / "pool.jsonl", tmp_path / "batch.jsonl"
    pool.write_bytes(
        b'{"text": "fine ."}\n{"text": 3}\n{"txt": "x"}\nno json\n[1]\n'
        b'{"text": "\xff"}\n{"text": "a\\u0000b"}\n\n{"text": "   "}\n'
    )
    shown = call(model, pool, "--budget", "9", "-o", output)
    assert shown.exit_code == 0, shown.output
    assert [task["text"] for task in read(output)] == ["fine ."]
    said = "".join(shown.output.split())
    for line in (2, 3, 4, 5, 6):
        assert f"pool.jsonl:{line}:" in said
    assert "7lineswereskipped" in said
    pool.write_text('{"text": "fine ."}\n{"text": 3}\n')
    shown = call(model, pool, "--budget", "9", "-o", output)
    assert "1 line was skipped" in " ".join(shown.output.split())


def test_a_text_is_bought_once(model, tmp_path):
    pool, output = tmp_path / "pool.txt", tmp_path / "batch.jsonl"
    late = "Bus 4 is late ."
    pool.write_text(f"{late}\n {late} \nit rained .\n{late}\n")
    for strategy in ("mnlp", "wbadge", "random"):
        options = ("--budget", 3, "-o", output, "--strategy", strategy)
        shown = call(model, pool, *options)
        assert "repeating another text: 2." in " ".join(shown.output.split())
        chosen = [(task["text"].strip(), task["meta"]["line"]) for task in read(output)]
        assert sorted(chosen) == [(late, 1), ("it rained .", 3)]


def test_near_duplicates(model, tmp_path):
    pool, output = tmp_path / "pool.txt", tmp_path / "batch.jsonl"
    pool.write_text("Bus 4 is late .\nbus 7 is late .\nit rained all day .\n")
    call(model, pool, "--budget", 3, "-o", output, "--near-duplicates", "0.9")
    assert len(read(output)) == 2
    known = tmp_path / "known.txt"
    known.write_text("bus 9 is late .\n")
    settings = ("--near-duplicates", "0.9", "--labelled", known)
    call(model, pool, "--budget", 3, "-o", output, *settings)
    assert [task["text"] for task in read(output)] == ["it rained all day ."]
