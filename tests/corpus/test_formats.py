"""Formats are told apart, and read into the Docs that they mean."""

import json

import pytest
from mutations import SEED_BYTES

from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.detect import detect_format
from spacy_causal.corpus.records import Options

FORMAT_OF = {
    "a": "conll",
    "b": "conll",
    "c": "conllu",
    "i": "fmtod",
    "j": "markup",
    "k": "conll2012",
}


def read(path, data, **options):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    summary = Summary()
    docs = [doc for _, doc in read_docs(path, Options(**options), summary)]
    return docs, summary


def entities(doc):
    return [(ent.text, ent.label_) for ent in doc.ents]


@pytest.mark.parametrize("name", [name for name in SEED_BYTES if name != "parallel"])
@pytest.mark.parametrize("suffix", [None, ".data"])
def test_formats_are_told_apart_by_content(tmp_path, name, suffix):
    path = tmp_path / (name if suffix is None else name[0] + suffix)
    path.write_bytes(SEED_BYTES[name])
    assert detect_format(path, Options()) == FORMAT_OF.get(name[0], "json")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_conll_with_iob1(tmp_path, end, bom):
    data = bom + SEED_BYTES["a.conll"].replace(b"\n", end.encode())
    docs, summary = read(tmp_path / "a", data)
    assert [entities(doc) for doc in docs] == [
        [("EU", "ORG")],
        [("Peter Blackburn", "PER")],
    ]
    assert [token.tag_ for token in docs[0]] == ["NNP", "VBZ"]
    assert not docs[0].has_annotation("POS")
    assert summary.counts["-DOCSTART- lines"] == 1


@pytest.mark.parametrize(
    ("data", "words", "tags", "ents"),
    [
        ("1\tAda\tPER\n2\tran\tO\n3\tup\tO\n", "Ada ran up", "", [("Ada", "PER")]),
        ("Ada NOUN\nran VERB\n", "Ada ran", "NOUN VERB", []),
        ("# id 1\td=e\nAda\tB-PER\nran\tO\n", "Ada ran", "", [("Ada", "PER")]),
        ("# id 1 d=e\nAda B-PER\nran O\n# 2 O\n", "Ada ran", "", [("Ada", "PER")]),
        ("Ada B-NP B-P NN\nran O O VB\n", "Ada ran", "NN VB", [("Ada", "P")]),
        ("Ada NN B-NP\nran VB O\n", "Ada ran", "NN VB", [("Ada", "NP")]),
        ("Ada B_P\nByron I_P\n", "Ada Byron", "", [("Ada Byron", "P")]),
        ("B-P\tAda\nO\tran\n", "Ada ran", "", [("Ada", "P")]),
        ("1\tO\tran\n2\tP\tAda\n3\tO\tup\n", "ran Ada up", "", [("Ada", "P")]),
    ],
)
def test_conll_columns_are_found(tmp_path, data, words, tags, ents):
    (doc,), _ = read(tmp_path / "a", data)
    assert doc.text.strip() == words and entities(doc) == ents
    assert [token.tag_ for token in doc if token.tag_] == tags.split()


def test_universal_tags_are_parts_of_speech_too(tmp_path):
    (doc,), _ = read(tmp_path / "a", "Ada PROPN\nran VERB\n")
    assert [token.pos_ for token in doc] == ["PROPN", "VERB"]
    assert not doc.has_annotation("ENT_IOB")


def test_missing_tags_stay_missing(tmp_path):
    (doc,), _ = read(tmp_path / "a", "Ada B-PER\nin -\nRome O\n")
    assert [token.ent_iob_ for token in doc] == ["B", "", "O"]


def test_missing_parts_of_speech_stay_missing(tmp_path):
    """As `export --format conll` writes what a tagger's session did not ask about."""
    (doc,), summary = read(tmp_path / "a", "Ada\tPROPN\nin\t-\nRome\tPROPN\n.\tPUNCT\n")
    for values in ([t.tag_ for t in doc], [t.pos_ for t in doc]):
        assert values == ["PROPN", "", "PROPN", "PUNCT"]
    assert summary.tags == summary.pos == {"PROPN": 2, "PUNCT": 1}


def test_columns_can_be_named(tmp_path):
    data = "B-A B-B x\nO O y\n"
    (doc,), _ = read(tmp_path / "a", data, word_column=2, entity_column=1)
    assert entities(doc) == [("x", "B")]


def test_a_column_named_for_tags_is_not_read_as_entities_too(tmp_path):
    data = "to O\nSan B-city\nJose I-city\n"
    (doc,), summary = read(tmp_path / "a", data, tag_column=1)
    assert [token.tag_ for token in doc] == ["O", "B-city", "I-city"]
    assert not doc.has_annotation("ENT_IOB") and summary.scheme is None


def test_conllu_spaces_ranges_and_layers(tmp_path):
    (doc,), summary = read(tmp_path / "c", SEED_BYTES["c.conllu"])
    assert [token.text for token in doc] == ["He", "ca", "n't", "."]
    assert doc.text.strip() == "He can't."
    assert [token.pos_ for token in doc] == ["PRON", "AUX", "PART", "PUNCT"]
    assert [token.tag_ for token in doc] == ["PRP", "MD", "RB", "."]
    assert not doc.has_annotation("ENT_IOB")
    assert summary.counts["empty nodes"] == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"text": "Ada ran", "label": {"P": {"Ada": [[0, 2]]}}}, [("Ada", "P")]),
        ({"text": "Ada ran", "labels": [[0, 3, "P"]]}, [("Ada", "P")]),
        (
            {
                "text": "Ada ran",
                "entities": [{"start_offset": 0, "end_offset": 3, "label": "P"}],
            },
            [("Ada", "P")],
        ),
        (
            {"text": "Ada ran", "spans": [{"start": 4, "end": 7, "label": "V"}]},
            [("ran", "V")],
        ),
        ({"text": "Ada-ran", "label": [[4, 6, "V"]]}, [("ra", "V")]),
        ({"str_words": ["Ada", "ran"], "tags": ["B-P", "O"]}, [("Ada", "P")]),
    ],
)
def test_json_shapes(tmp_path, value, expected):
    (doc,), summary = read(tmp_path / "a.jsonl", json.dumps(value) + "\n")
    assert entities(doc) == expected and not summary.problems


def test_what_an_annotator_rejected_is_left_out(tmp_path):
    lines = ['{"text": "a", "answer": "reject"}', '{"text": "b", "spans": []}']
    docs, summary = read(tmp_path / "a.jsonl", "\n".join(lines))
    assert [doc.text for doc in docs] == ["b"] and docs[0].has_annotation("ENT_IOB")
    assert summary.counts["records with answer 'reject'"] == 1


def test_numbered_tags_need_their_names(tmp_path):
    data = '[{"str_words": ["Ada"], "tags": [1]}]'
    assert read(tmp_path / "a.json", data)[1].problems
    (tmp_path / "tag_to_id.json").write_text('{"O": 0, "B-PER": 1}')
    (doc,), _ = read(tmp_path / "a.json", data)
    assert entities(doc) == [("Ada", "PER")]


def test_label_studio(tmp_path):
    docs, _ = read(tmp_path / "g.json", SEED_BYTES["g.json"])
    assert entities(docs[0]) == [("Ada", "PER")]
    assert not docs[1].has_annotation("ENT_IOB")


def test_markup(tmp_path):
    docs, _ = read(tmp_path / "j.txt", SEED_BYTES["j.txt"])
    assert [doc.text for doc in docs] == [
        "The Phoenix Herald says [sic] so.",
        "Rome stands.",
    ]
    assert entities(docs[0]) == [("Phoenix Herald", "newspaper")]


def test_conll2012(tmp_path):
    docs, summary = read(tmp_path / "k.gold_conll", SEED_BYTES["k.gold_conll"])
    assert [entities(doc) for doc in docs] == [
        [("Acme Services", "ORG"), ("Rome", "GPE"), ("Paris", "GPE")],
        [("two days", "DATE")],
    ]
    assert [token.tag_ for token in docs[1]] == ["CD", "NNS"]
    assert summary.counts["document lines"] == 2


def test_fmtod(tmp_path):
    docs, _ = read(tmp_path / "i.tsv", SEED_BYTES["i.tsv"])
    assert [entities(doc) for doc in docs] == [[("for 7 am", "datetime")], []]


@pytest.mark.parametrize(
    "text", ["Ada  ran", "  Ada ran ", "Ada\u3000ran\t x", "a\n\n b", "（Ada）"]
)
@pytest.mark.parametrize("by_character", [True, False])
def test_texts_keep_every_character(tmp_path, text, by_character):
    data = json.dumps({"text": text, "label": []})
    (doc,), _ = read(tmp_path / "a.jsonl", data, by_character=by_character)
    assert doc.text == text
    if by_character:
        visible = [char for char in text if not char.isspace()]
        assert [t.text for t in doc if not t.is_space] == visible


def test_words_stand_in_no_column_that_was_named_for_tags(tmp_path):
    data = "B-PER John\nO went\nB-LOC Rome\n"
    docs, _ = read(tmp_path / "a.conll", data, entity_column=0)
    assert [token.text for token in docs[0]] == ["John", "went", "Rome"]
    assert entities(docs[0]) == [("John", "PER"), ("Rome", "LOC")]
    for wrong in (
        {"word_column": 0, "entity_column": 0},
        {"tag_column": 1, "word_column": 1},
    ):
        docs, summary = read(tmp_path / "a.conll", data, **wrong)
        assert not docs and "named for two things" in summary.problems[0].reason


@pytest.mark.parametrize(
    "comments",
    [
        "# sent_id = a-1\n# text = Hello Bob there\n",
        "#\thttp://example.org/1 [2009-10-17]\n",
        "# newdoc\twith a tab\n",
    ],
)
def test_comments_need_not_be_cut_as_the_table_is(tmp_path, comments):
    rows = "1\tHello\tO\t-\n2\tNew York\tB-LOC\t-\n3\tthere\tO\t-\n"
    docs, summary = read(tmp_path / "a.iob2", (comments + rows + "\n") * 2)
    assert not summary.problems
    assert [entities(doc) for doc in docs] == [[("New York", "LOC")]] * 2
    assert [token.text for token in docs[0]] == ["Hello", "New York", "there"]
