"""Bad lines are named by file, line and reason, and nothing is written."""

import pytest

from spacy_causal.corpus.conll import SAMPLE
from spacy_causal.corpus.convert import convert_corpus
from spacy_causal.corpus.records import Options

GOOD = '{"text": "Ada ran", "label": [[0, 3, "P"]]}\n'


def labelled(*spans):
    return GOOD + f'{{"text": "Ada ran", "label": [{", ".join(spans)}]}}\n'


def tokens(*values):
    return f'{{"text": "Ada ran", "spans": [], "tokens": [{", ".join(values)}]}}\n'


def studio(value):
    """A task of Label Studio's with one span."""
    said = f'[{{"result": [{{"value": {value}}}]}}]'
    return f'[{{"data": {{"text": "Ada ran"}}, "annotations": {said}}}]'


def conllu(*rows):
    """A sentence of rows that name their id and form."""
    others = "\tX" * 2 + "\t_" * 6
    return "".join(f"{row.replace(' ', chr(9))}{others}\n" for row in rows)


FMTOD = "x\t0:1:A\ta b c d\ny\t0:x\tb c d\nz\t0:1:A\td e f\n"


def ontonotes(*entities):
    rows = "".join(f"a 0 {i} Ada NNP * - - - - {x} -\n" for i, x in enumerate(entities))
    return f"#begin document (a); part 000\n{rows}"


CASES = [
    ("a.conll", b"Ada B-P\nran O\n\nb\n", 4, "1 columns where the file has 2"),
    ("a.conll", b"Ada B-P\nran\x00 O\n", 2, "control character U+0000"),
    ("a.conll", b"Ada B-P\nr\xffn O\n", 2, "no UTF-8: 0xff"),
    ("a.conll", b"\nr\xffn O\n", 2, "no UTF-8: 0xff"),
    ("a.conll", b"Ada B-P\nin O\nRome PER\n", 3, "'PER' is not in the scheme 'bio'"),
    ("a.conll", b"Ada\nran\n", 1, "no columns"),
    ("a.conll", b"Ada\tB-P\n \tO\n", 2, "the token ' ' is empty"),
    ("a.conll", b"Ada\tB-P\nran\t\n", 2, "column 1 is empty"),
    ("a.conllu", b"1\ta\ta\tX\t_\t_\t0\tr\t_\t_\n3\tb\t_\n", 2, "3 columns where"),
    ("a.conllu", b"2\ta\ta\tX\t_\t_\t0\tr\t_\t_\n", 1, "the id 2 comes after 0 words"),
    ("a.conllu", b"1\ta\ta\tQQ\t_\t_\t0\tr\t_\t_\n", 1, "'QQ' is not a universal"),
    ("a.conllu", conllu("1 a", "x b"), 2, "'x' is no id"),
    ("a.conllu", conllu("1 a", "2.1 b"), 2, "the empty node 2.1 is misplaced"),
    ("a.conllu", conllu("1 a", "2 \u00a0"), 2, "is empty or has white space"),
    ("a.conllu", conllu("2-2 aa"), 1, "the id 2-2 comes after 0 words"),
    ("a.conllu", conllu("1-1 aa", "1 a"), 1, "the range 1-1 is empty or overlaps"),
    ("a.conllu", conllu("1-3 ab", "1 a", "2-3 bc"), 3, "the range 2-3 is empty or ov"),
    ("a.conllu", conllu("1-3 abc", "1 a", "2 b"), 3, "ends before its words do"),
    ("a.jsonl", GOOD + "{", 2, "no JSON"),
    ("a.jsonl", GOOD + "[1]", 2, "an object is expected"),
    ("a.jsonl", GOOD + '{"text": 3}', 2, "a string is expected"),
    ("a.jsonl", GOOD + '{"text": "\\ud800"}', 2, "half a surrogate pair"),
    ("a.jsonl", GOOD + '{"text": " "}', 2, "no text: it is empty"),
    (
        "a.jsonl",
        GOOD + '{"text": "a", "label": {"P": {"b": [[0, 0]]}}}',
        2,
        "not the text at",
    ),
    ("a.jsonl", labelled('[-1, 3, "P"]'), 2, "lies outside the text"),
    ("a.jsonl", labelled('[0, 30, "P"]'), 2, "lies outside the text"),
    ("a.jsonl", labelled('[3, 0, "P"]'), 2, "lies outside the text"),
    ("a.jsonl", labelled('[3, 3, "P"]'), 2, "is empty"),
    ("a.jsonl", labelled('[true, 3, "P"]'), 2, "True, not an integer"),
    ("a.jsonl", labelled('[0, 3.0, "P"]'), 2, "3.0, not an integer"),
    ("a.jsonl", labelled('[0, 3, ""]'), 2, "has the label ''"),
    ("a.jsonl", labelled('[0, 4, "P"]'), 2, "white space at its edge"),
    ("a.jsonl", labelled('[0, 3, "P"]', '[0, 3, "P"]'), 2, "is given twice"),
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
    ("a.jsonl", tokens("[0, 3]"), 1, "a token is list, an object is expected"),
    ("a.jsonl", tokens('{"start": 0, "end": 3}'), 1, "end before the text does"),
    ("a.jsonl", tokens('{"start": 1, "end": 7}'), 1, "1-7 does not follow the last"),
    ("a.jsonl", tokens('{"start": 0, "end": 9}'), 1, "0-9 does not follow the last"),
    ("a.jsonl", tokens('{"start": 0, "end": 3, "text": "Ida"}'), 1, "not the text's"),
    ("a.json", studio('{"labels": ["P"], "start": 0, "end": 2, "text": "Ada"}'), 1,
     "'Ada' is not the text at 0-2"),
    ("a.json", studio('{"labels": ["P", "Q"], "start": 0, "end": 3}'), 1,
     "a span's labels has 2 values where 1 are expected"),
    ("a.json", studio('{"labels": {}, "start": 0, "end": 3}'), 1,
     "a span's labels is dict, a list is expected"),
    ("a.json", '[{"str_words": ["Ada", "ran"], "tags": ["O"]}]', 1, "2 words but 1"),
    ("a.json", '[{"str_words": ["Ada", " "], "tags": ["O", "O"]}]', 1,
     "the word ' ' is empty"),
    ("a.json", '[{"str_words": ["Ada"], "tags": [7]}]', 1, "has no tag 7"),
    ("a.conll", ontonotes("(P*"), 2, "'P' does not end"),
    ("a.conll", ontonotes("(P*", "(Q)"), 3, "'Q' begins inside 'P'"),
    ("a.conll", ontonotes("*", "*)"), 3, "an entity ends that has not begun"),
    ("a.conll", ontonotes("P"), 2, "'P' are no entity brackets"),
    ("a.conll", ontonotes() + "a 0 0 Ada\n", 2, "4 columns, and no entities"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "line", "reason"), CASES)
def test_bad_lines_are_named(tmp_path, name, data, line, reason):
    source, output = tmp_path / name, tmp_path / "out.spacy"
    source.write_bytes(data if isinstance(data, bytes) else data.encode())
    summary = convert_corpus(source, output, Options())
    first = summary.problems[0]
    assert (first.path, first.line) == (source, line), first
    assert reason in first.reason, first
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_follows_the_sample_is_held_to_its_tags(tmp_path):
    source = tmp_path / "a.conll"
    source.write_text("Ada\tPROPN\n\n" * SAMPLE + "ran\tRUN\n")
    options = Options(tag_column=1)
    (problem,) = convert_corpus(source, tmp_path / "a.spacy", options).problems
    assert problem.line == 2 * SAMPLE + 1
    assert problem.reason == "'RUN' is not a universal part of speech"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(format="xml"), "unknown format 'xml': one of conll, conll2012"),
        (Options(lang="qq"), "no language 'qq'"),
        (Options(format="fmtod"), "no column holds spans as start:end:label"),
        (Options(entity_column=2), "no column 2: there are 2, counted from 0"),
        (Options(word_column=-1), "no column -1: there are 2"),
    ],
)
def test_options_that_do_not_fit(tmp_path, options, reason):
    source = tmp_path / "a.conll"
    source.write_text("Ada B-P\nran O\n")
    summary = convert_corpus(source, tmp_path / "out.spacy", options)
    assert not summary.written and not (tmp_path / "out.spacy").exists()
    assert reason in summary.problems[0].reason


def test_a_column_that_is_not_there_is_said_whatever_the_file_is_called(tmp_path):
    source = tmp_path / "a.txt"
    source.write_text("Ada B-P\nran O\n")
    options = Options(tag_column=9)
    (problem,) = convert_corpus(source, tmp_path / "out.spacy", options).problems
    assert problem.reason == "no column 9: there are 2, counted from 0"


def test_sources_that_cannot_be_read(tmp_path):
    (folder := tmp_path / "raw").mkdir()
    for options, reason in [
        (Options(), "the folder holds no seq.in and seq.out"),
        (Options(format="jsonl"), "unknown format 'jsonl'"),
        (Options(format="conll"), "a folder, where 'conll' is one file"),
    ]:
        summary = convert_corpus(folder, tmp_path / "out.spacy", options)
        assert reason in summary.problems[0].reason
    for options in (Options(), Options(format="conll")):
        summary = convert_corpus(tmp_path / "gone", tmp_path / "out.spacy", options)
        assert summary.problems[0].reason == "cannot be read: No such file or directory"
    (folder / "seq.in").write_text("Ada ran\n")
    summary = convert_corpus(folder, tmp_path / "out.spacy", Options())
    (problem,) = summary.problems
    assert problem.path.name == "seq.out"
    assert problem.reason == "cannot be read: No such file or directory"


def test_an_output_that_spacy_would_not_read(tmp_path):
    source = tmp_path / "a.jsonl"
    source.write_text(GOOD)
    with pytest.raises(ValueError, match=r"has to end in \.spacy: .*out\.jsonl"):
        convert_corpus(source, tmp_path / "out.jsonl", Options())


def test_a_span_of_white_space_is_not_trimmed_away(tmp_path):
    source = tmp_path / "a.jsonl"
    source.write_text(labelled('[3, 4, "P"]'))
    summary = convert_corpus(source, tmp_path / "out.spacy", Options(trim=True))
    assert [problem.line for problem in summary.problems] == [2]
    assert summary.counts["spans trimmed"] == 0


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
