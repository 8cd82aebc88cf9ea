"""Bad lines are named by file, line and reason, and nothing is written."""

import pytest

from spacy_causal.corpus.convert import convert_corpus
from spacy_causal.corpus.records import Options

GOOD = '{"text": "Ada ran", "label": [[0, 3, "P"]]}\n'


def labelled(*spans):
    return GOOD + f'{{"text": "Ada ran", "label": [{", ".join(spans)}]}}\n'


FMTOD = "x\t0:1:A\ta b c d\ny\t0:x\tb c d\nz\t0:1:A\td e f\n"
CASES = [
    ("a.conll", b"Ada B-P\nran O\n\nb\n", 4, "1 columns where the file has 2"),
    ("a.conll", b"Ada B-P\nran\x00 O\n", 2, "control character U+0000"),
    ("a.conll", b"Ada B-P\nr\xffn O\n", 2, "no UTF-8: 0xff"),
    ("a.conll", b"Ada B-P\nin O\nRome PER\n", 3, "'PER' is none of the scheme 'bio'"),
    ("a.conll", b"Ada\nran\n", 1, "no columns"),
    ("a.conllu", b"1\ta\ta\tX\t_\t_\t0\tr\t_\t_\n3\tb\t_\n", 2, "3 columns where"),
    ("a.conllu", b"2\ta\ta\tX\t_\t_\t0\tr\t_\t_\n", 1, "the id 2 comes after 0 words"),
    ("a.conllu", b"1\ta\ta\tQQ\t_\t_\t0\tr\t_\t_\n", 1, "'QQ' is no universal"),
    ("a.jsonl", GOOD + "{", 2, "no JSON"),
    ("a.jsonl", GOOD + "[1]", 2, "an object is expected"),
    ("a.jsonl", GOOD + '{"text": 3}', 2, "a string is expected"),
    ("a.jsonl", GOOD + '{"text": "\\ud800"}', 2, "half a surrogate pair"),
    ("a.jsonl", GOOD + '{"text": " "}', 2, "no text: it is empty"),
    (
        "a.jsonl",
        GOOD + '{"text": "a", "label": {"P": {"b": [[0, 0]]}}}',
        2,
        "not stand",
    ),
    ("a.jsonl", labelled('[-1, 3, "P"]'), 2, "lies outside the text"),
    ("a.jsonl", labelled('[0, 30, "P"]'), 2, "lies outside the text"),
    ("a.jsonl", labelled('[3, 0, "P"]'), 2, "lies outside the text"),
    ("a.jsonl", labelled('[3, 3, "P"]'), 2, "is empty"),
    ("a.jsonl", labelled('[true, 3, "P"]'), 2, "True, not an integer"),
    ("a.jsonl", labelled('[0, 3.0, "P"]'), 2, "3.0, not an integer"),
    ("a.jsonl", labelled('[0, 3, ""]'), 2, "has the label ''"),
    ("a.jsonl", labelled('[0, 4, "P"]'), 2, "white space at its edge"),
    ("a.jsonl", labelled('[0, 3, "P"]', '[0, 3, "P"]'), 2, "stands twice"),
    ("a.jsonl", labelled('[0, 3, "P"]', '[0, 7, "Q"]'), 2, "overlaps"),
    ("a.json", '[{"text": "a", "label": []},\n {"text": 1}]', 2, "item 2: 'text'"),
    ("a.json", '[{"text": "a", "label": []},\n\n ', 3, "no JSON"),
    ("a.json", '[{"text": "a", "label": []}\n}', 2, "']' is expected"),
    (
        "a.tsv",
        FMTOD,
        2,
        "no start:end:label",
    ),
    ("a.txt", "[Ada](P) ran\nAda [ran\n", 2, "the bracket at character 4"),
    ("a.txt", "[Ada](P) ran\n[[Ada](P)](Q)\n", 2, "the bracket at character 0"),
    ("a.txt", "[Ada](P) ran\n[Ada ](P)\n", 2, "white space at its edge"),
    ("a.txt", "[Ada](P) ran\n[Ada]()\n", 2, "has the label ''"),
    ("a.txt", "[Ada](P) ran\n[a\\](P)\n", 2, "the bracket at character 0"),
    ("a.txt", "what is this?\n", 1, "cannot tell the format"),
    ("a.jsonl", "", 1, "nothing in it"),
]


@pytest.mark.parametrize(("name", "data", "line", "reason"), CASES)
def test_bad_lines_are_named(tmp_path, name, data, line, reason):
    source, output = tmp_path / name, tmp_path / "out.spacy"
    source.write_bytes(data if isinstance(data, bytes) else data.encode())
    summary = convert_corpus(source, output, Options())
    first = summary.problems[0]
    assert (first.path, first.line) == (source, line), first
    assert reason in first.reason, first
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_skip_bad_leaves_out_the_whole_record(tmp_path):
    source, output = tmp_path / "a.jsonl", tmp_path / "out.spacy"
    source.write_text(labelled('[0, 3, "P"]', '[0, 7, "Q"]'))
    summary = convert_corpus(source, output, Options(), skip_bad=True)
    assert summary.written and output.exists()
    assert (summary.counts["documents"], len(summary.problems)) == (1, 1)


def test_overlaps_and_white_space_can_be_mended(tmp_path):
    source, output = tmp_path / "a.jsonl", tmp_path / "out.spacy"
    source.write_text(labelled('[0, 4, "P"]', '[0, 7, "Q"]', '[4, 7, "V"]'))
    options = Options(trim=True, overlaps="keep-longest")
    summary = convert_corpus(source, output, options)
    assert summary.written and summary.labels == {"P": 1, "Q": 1}
    assert summary.counts["spans trimmed"] == 1
    assert summary.counts["overlapping spans left out"] == 2


def test_an_older_output_survives_a_refusal(tmp_path):
    source, output = tmp_path / "a.jsonl", tmp_path / "out.spacy"
    source.write_text("{")
    output.write_bytes(b"before")
    assert not convert_corpus(source, output, Options()).written
    assert output.read_bytes() == b"before"


def test_parallel_files_of_different_length(tmp_path):
    (tmp_path / "seq.in").write_text("a b\nc\n")
    (tmp_path / "seq.out").write_text("O B-X\n")
    summary = convert_corpus(tmp_path, tmp_path / "out.spacy", Options())
    assert [(p.path.name, p.line) for p in summary.problems] == [("seq.out", 2)]
