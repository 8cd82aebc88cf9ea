"""`python -m spacy causal select`, as a user calls it."""

import json
import os
import re

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.learning.pool import compute

TEXTS = [f"Anna {i} met Bert in Paris . Then {'he ' * i}left ." for i in range(12)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_tagger")
    doc = Doc(nlp.vocab, words=["Anna", "left", "."], tags=["N", "V", "."])
    nlp.initialize(lambda: [Example(Doc(nlp.vocab, words=["Anna", "left", "."]), doc)])
    path = tmp_path_factory.mktemp("select") / "model"
    nlp.to_disk(path)
    return path


@pytest.fixture
def pool(tmp_path):
    path = tmp_path / "pool.jsonl"
    lines = [json.dumps({"text": text, "id": i, "meta": {"of": "x"}})
             for i, text in enumerate(TEXTS)]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    return path


def call(*arguments):
    return CliRunner().invoke(app, ["select", *map(str, arguments)])


def read(path):
    return list(srsly.read_jsonl(path))


def test_words_within_a_budget_and_where_they_stand(model, pool, tmp_path):
    output = tmp_path / "new" / "batch.jsonl"
    shown = call(model, pool, "--budget", "60w", "-o", output)
    assert shown.exit_code == 0, shown.output
    tasks = read(output)
    assert 0 < sum(task["meta"]["words"] for task in tasks) <= 60
    for task in tasks:
        line = task["meta"]["line"]
        assert task["text"] == TEXTS[line - 1]
        assert task["id"] == line - 1
        assert task["meta"]["of"] == "x"
        assert task["meta"]["source"] == "pool.jsonl"
    assert "of 12 texts chosen" in shown.stdout
    assert "columns" in shown.stdout
    assert [path.name for path in output.parent.iterdir()] == ["batch.jsonl"]


def test_into_a_pipe_go_the_texts_alone(model, pool, tmp_path):
    reading, writing = os.pipe()
    link = tmp_path / "out" / "stdout"
    link.parent.mkdir()
    link.symlink_to(f"/dev/fd/{writing}")
    arguments = model, pool, "--budget", 3, "-o", link
    refused = call(*arguments, "--keep-view")
    shown = call(*arguments)
    os.close(writing)
    assert shown.exit_code == 0, shown.output
    with os.fdopen(reading) as file:
        assert len([json.loads(line) for line in file]) == 3
    assert not shown.stdout and "Wrote" in shown.stderr
    assert list(link.parent.iterdir()) == [link]
    assert refused.exit_code == 1 and "--output is none" in refused.stderr


@pytest.mark.parametrize("strategy", ["random", "mnlp", "bald", "coreset", "wbadge"])
def test_the_same_seed_writes_the_same_bytes(strategy, model, pool, tmp_path):
    written = []
    for name in ("a", "b"):
        output = tmp_path / name
        shown = call(
            *(model, pool, "--budget", 3, "-o", output, "--strategy", strategy),
            *("--seed", 7),
        )
        assert shown.exit_code == 0, shown.output
        written.append(output.read_bytes())
    assert written[0] == written[1]
    assert written[0].count(b"\n") == 3


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
    assert "6lineswereskipped" in said
    pool.write_text('{"text": "fine ."}\n{"text": 3}\n')
    shown = call(model, pool, "--budget", "9", "-o", output)
    assert "1 line was skipped" in " ".join(shown.output.split())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["--budget", "many"], "budget"),
        (["--budget", "0w"], "budget"),
        (["--budget", "5", "--component", "ner"], "No component 'ner'"),
        (["--budget", "5", "--strategy", "mnlp", "--weight", "1"], "has none"),
        (["--budget", "5", "--strategy", "vote_entropy"], "--committee"),
        (["--budget", "5", "--committee", "x"], "wbadge asks no others"),
        (["--budget", "5", "--strategy", "psychic"], "Unknown strategy 'psychic'"),
        (["--budget", "5", "--strategy", "psychic"], "token_entropy, vote_entropy"),
        (["--budget", "5", "--strategy", "bald:samples=1"], "two passes"),
        (["--budget", "5", "--strategy", "mnlp:taste=1"], "'taste'"),
        (
            ["--budget", "5", "--strategy", "wbadge:weight=l2", "--weight", "1"],
            "set twice",
        ),
        (["--budget", "5", "--near-duplicates", "0"], "similarity"),
        (["--budget", "5", "--precision", "bfloat16"], "for transformers"),
        (
            [
                *("--budget", "5", "--strategy", "vote_entropy:committee=5"),
                *("--committee", "en"),
            ],
            "committee=5 needs 4 --committee, not 1",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_writes_nothing(
    settings, said, model, pool, tmp_path
):
    output = tmp_path / "batch.jsonl"
    shown = call(model, pool, "-o", output, *settings)
    assert shown.exit_code == 1
    assert said.replace(" ", "") in "".join(shown.output.split())
    assert not output.exists()


def test_a_folder_is_no_output_and_the_pool_is_not_read(model, pool, tmp_path):
    shown = call(model, pool, "--budget", 3, "-o", tmp_path)
    said = re.sub(r"[│╭╮╰╯─\s]", "", shown.output)
    assert shown.exit_code == 2 and "isadirectory" in said
    assert not tmp_path.with_name(f".{tmp_path.name}.view").exists()


def test_a_pipeline_without_a_labeller_and_an_empty_pool(model, pool, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    output = tmp_path / "batch.jsonl"
    shown = call(tmp_path / "blank", pool, "--budget", 3, "-o", output)
    said = " ".join(shown.output.split())
    assert "no causal_ner, causal_tagger or tagger: it has no pipes" in said
    pool.write_text("")
    shown = call(model, pool, "--budget", 3, "-o", output)
    assert "nothing in the pool" in shown.output
    assert not output.exists()


@pytest.mark.parametrize("option", [[], ["--labelled"]])
def test_what_is_read_is_not_written_over(option, model, pool, tmp_path):
    read_too = tmp_path / "first.jsonl"
    read_too.write_text('{"text": "fine ."}\n')
    output = read_too if option else pool
    before = output.read_bytes()
    more = [*option, read_too] if option else []
    shown = call(model, pool, "--budget", 2, "-o", output, *more)
    assert shown.exit_code == 1 and "another file" in " ".join(shown.output.split())
    assert output.read_bytes() == before


def test_a_committee(model, pool, tmp_path):
    output = tmp_path / "batch.jsonl"
    shown = call(
        *(model, pool, "--budget", 3, "-o", output, "--strategy", "vote_entropy"),
        *("--committee", model, "--committee", model),
    )
    assert shown.exit_code == 0, shown.output
    assert len(read(output)) == 3


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


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        ("wbadge:weight=l2", ("--weight", "l2")),
        ("wbadge:weight=1,near_duplicates=0.9",
         ("--weight", "1", "--near-duplicates", "0.9")),
        ("wbadge:near_duplicates=0.9", ("--near-duplicates", "0.9")),
    ],
)  # fmt: skip
def test_settings_with_the_name_are_those_of_the_options(
    spec, options, model, pool, tmp_path
):
    written = []
    for more in (("--strategy", spec), options):
        output = tmp_path / "batch.jsonl"
        shown = call(model, pool, "--budget", 4, "-o", output, *more)
        assert shown.exit_code == 0, shown.output
        written.append(output.read_bytes())
    assert written[0] == written[1]


def test_settings_that_no_option_has(model, pool, tmp_path):
    """Factors are exact, so what they choose is what exact rows do."""
    output, written = tmp_path / "batch.jsonl", []
    for spec in ("wbadge:engine=exact", "wbadge:engine=factors"):
        shown = call(model, pool, "--budget", 4, "-o", output, "--strategy", spec)
        assert shown.exit_code == 0, shown.output
        assert ("columns" in shown.output) == (spec == "wbadge:engine=exact")
        written.append(output.read_bytes())
    assert written[0] == written[1]
    spec = "bald:samples=5,dropout=0.5"
    shown = call(model, pool, "--budget", 4, "-o", output, "--strategy", spec)
    assert shown.exit_code == 0 and len(read(output)) == 4


def test_which_engine_is_meant():
    """What reads the pool is an option, how gradients are held the strategy's."""
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", call("--help").output).split())
    assert "What reads the pool" in shown and "wbadge:engine=exact" in shown


def test_interrupted_it_goes_on(model, pool, tmp_path, monkeypatch):
    monkeypatch.setattr(compute, "BLOCK", 4)
    output, read_here, blocks = tmp_path / "batch.jsonl", compute.read_here, []

    def interrupted(members, missing, plan):
        for block, arrays in read_here(members, missing, plan):
            blocks.append(block)
            yield block, arrays
            if len(blocks) == 2:
                raise OSError("no space left on device")

    monkeypatch.setattr(compute, "read_here", interrupted)
    settings = (model, pool, "--budget", 5, "-o", output)
    assert "no space left" in call(*settings).output
    assert not output.exists()
    assert call(*settings).exit_code == 0
    assert blocks == [0, 1, 2]
    assert len(read(output)) == 5
