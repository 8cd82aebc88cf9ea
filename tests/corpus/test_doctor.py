"""What `check` finds, and how the commands answer."""

import numpy as np
import pytest
import spacy
from spacy.cli._util import app as spacy_app
from spacy.tokens import Doc, DocBin, Span
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.corpus.doctor import examine_corpus, shared_texts
from spacy_causal.corpus.files import write_docbin
from spacy_causal.corpus.records import Options
from spacy_causal.targets.token_targets import TokenTargets, set_targets

NLP = spacy.blank("en")


def spacy_file(path, *docs):
    DocBin(docs=docs).to_disk(path)
    return path


def make_doc(words, spans=(), *, annotated=True, spaces=None):
    doc = Doc(NLP.vocab, words=words, spaces=spaces)
    if annotated:
        ents = [Span(doc, start, end, label) for start, end, label in spans]
        doc.set_ents(ents, default="outside")
    return doc


@pytest.mark.parametrize(
    ("doc", "reason"),
    [
        (make_doc([]), "the document is empty"),
        (make_doc(["Ada"], annotated=False), "all annotation is missing"),
        (make_doc(["Ada", " "], [(0, 2, "P")]), "white space at its edge"),
    ],
)
def test_problems(tmp_path, doc, reason):
    path = spacy_file(tmp_path / "a.spacy", make_doc(["x"]), doc)
    (problem,) = examine_corpus(path, Options()).problems
    assert problem.line == 2 and reason in problem.reason


def test_oddities(tmp_path):
    split = make_doc(["Ada", "ran", "xr", "ay"], [(2, 3, "X")], spaces=[1, 1, 0, 0])
    path = spacy_file(tmp_path / "a.spacy", make_doc(["b"]), make_doc(["b"]), split)
    diagnosis = examine_corpus(path, Options())
    assert [problem.line for problem in diagnosis.oddities] == [2, 3]
    assert diagnosis.labels == {"X": 1} and not diagnosis.problems


def targeted(words, names, rows, layer="ner", scheme="biluo"):
    doc = Doc(NLP.vocab, words=words)
    targets = TokenTargets(scheme, names, np.array(rows, dtype="float32"))
    set_targets(doc, layer, targets)
    return doc


def targeted_file(path, *docs):
    write_docbin(path, DocBin(docs=docs, store_user_data=True))
    return path


def test_token_targets(tmp_path):
    """As `export` writes it: what was not answered is unknown."""
    names = ("O", "B-P", "I-P", "L-P", "U-P")
    one_hot = np.eye(5)
    rows = [*one_hot[[1, 3, 0, 4]], [0, 0, 0, 0, 0], [0.5, 0, 0, 0, 0.5]]
    words = ["Ada", "Byron", "met", "Bob", "or", "Eve"]
    tagged = targeted(["x"], ("N", "V"), [[0, 1]], "tag", "token")
    path = targeted_file(tmp_path / "a.spacy", targeted(words, names, rows), tagged)
    diagnosis = examine_corpus(path, Options())
    assert diagnosis.labels == {"P": 2} and not diagnosis.problems
    assert list(diagnosis.counts.items()) == [
        ("documents", 2),
        ("tokens", 7),
        ("entities", 2),
        ("ner targets, one-hot", 4),
        ("ner targets, soft", 1),
        ("ner targets, unknown", 1),
        ("tag targets, one-hot", 1),
        ("tag targets, soft", 0),
        ("tag targets, unknown", 0),
    ]
    shown = CliRunner().invoke(app, ["check", str(path)])
    assert shown.exit_code == 0
    assert ["ner", "targets,", "soft", "1"] in map(str.split, shown.output.splitlines())


def test_token_targets_with_problems(tmp_path):
    cut, outside = (targeted(["a", "b"], ("O", "U-P"), np.eye(2)) for _ in range(2))
    cut.user_data["._.", "token_targets", None, None]["ner"]["n_tokens"] = 3
    outside.user_data["._.", "token_targets", None, None]["ner"]["label"][0] = 9
    spelled = targeted(["c"], ("P",), [[1]], scheme="bio")
    spaced = targeted(["d", " "], ("O", "U-P"), np.eye(2))
    path = targeted_file(tmp_path / "a.spacy", cut, outside, spelled, spaced)
    problems = examine_corpus(path, Options()).problems
    assert [problem.line for problem in problems] == [1, 2, 3, 4]
    reasons = ("3 rows", "out of bounds", "'P' is not in", "white space at its edge")
    for problem, reason in zip(problems, reasons, strict=True):
        assert reason in problem.reason
    assert "'ner' targets" in problems[0].reason


def test_tags_are_counted_as_entities_are(tmp_path):
    """One file has treebank tags, the other universal ones under both names."""
    train, dev = tmp_path / "a.conll", tmp_path / "b.conll"
    train.write_text("Ada NNP\nran VBD\n")
    dev.write_text("Ada PROPN\nsat VERB\nran VERB\n")
    output = tmp_path / "a.spacy"
    CliRunner().invoke(app, ["convert", str(train), str(output)])
    for path in (train, output):
        assert examine_corpus(path, Options()).tags == {"NNP": 1, "VBD": 1}
        found = CliRunner().invoke(app, ["check", str(path), "--dev", str(dev)])
        said = " ".join(found.output.split())
        assert "tags count NNP 1 VBD 1" in said and "tags count VERB 2 PROPN 1" in said
        assert "pos count" not in said
        assert "tags VERB (2), PROPN (1)" in said
    found = CliRunner().invoke(app, ["check", str(dev), "--dev", str(dev)])
    assert "Not in" not in found.output


def test_raw_corpora_and_shared_texts(tmp_path):
    train, dev = tmp_path / "a.txt", tmp_path / "b.txt"
    train.write_text("[Ada](P) ran\nBob [sat\n")
    dev.write_text("Bob sat\n[Ada](P) ran\n")
    diagnoses = [examine_corpus(path, Options(lang="xx")) for path in (train, dev)]
    assert [problem.line for problem in diagnoses[0].problems] == [2]
    assert shared_texts(*diagnoses) == [("Ada ran", (train, 1), (dev, 2))]


def test_a_folder_of_spacy_files(tmp_path):
    (tmp_path / "more").mkdir()
    first = spacy_file(tmp_path / "a.spacy", make_doc(["Ada"]), make_doc(["Bob"]))
    second = spacy_file(tmp_path / "more" / "b.spacy", make_doc(["Ada"]), make_doc([]))
    spacy_file(tmp_path / "more" / "c.spacy")
    found = examine_corpus(tmp_path, Options())
    assert found.counts["documents"] == 4
    assert [str(x).partition(": ")[0] for x in found.problems] == [
        f"{second}:2",
        f"{tmp_path / 'more' / 'c.spacy'}:1",
    ]
    assert [str(x) for x in found.oddities] == [
        f"{second}:1: the same text is at {first}:1: 'Ada '"
    ]


def test_no_spacy_file(tmp_path):
    path = tmp_path / "a.spacy"
    path.write_bytes(b"what?")
    (problem,) = examine_corpus(path, Options()).problems
    assert "not a .spacy file" in problem.reason


def test_a_file_without_documents_is_not_called_good(tmp_path):
    path = spacy_file(tmp_path / "a.spacy")
    (problem,) = examine_corpus(path, Options()).problems
    assert (problem.line, problem.reason) == (1, "there is no document in it")
    assert CliRunner().invoke(app, ["check", str(path)]).exit_code == 1


def test_commands(tmp_path):
    source, output = tmp_path / "a.txt", tmp_path / "out" / "a.spacy"
    source.write_text("[Ada](P) ran\nBob [sat\n")
    run, arguments = CliRunner().invoke, ["convert", str(source), str(output)]
    refused = run(app, arguments)
    assert refused.exit_code == 1 and not output.exists()
    assert "a.txt:2" in refused.output.replace("\n", "")
    assert run(app, [*arguments, "--skip-bad"]).exit_code == 0
    assert run(app, ["check", str(output), "--dev", str(output)]).exit_code == 0
    assert run(app, ["check", str(source)]).exit_code == 1


def test_check_lists_what_two_corpora_share(tmp_path):
    train, dev = tmp_path / "a.txt", tmp_path / "b.txt"
    train.write_text("[Ada](P) ran\nBob [sat](V)\n")
    dev.write_text("[Eve](P) ran\n[Ada](P) ran\nBob [sat](V)\n")
    arguments = ["check", str(train), "--dev", str(dev)]
    both = CliRunner().invoke(app, arguments)
    assert both.exit_code == 0, both.output
    assert "2 texts are in both" in both.output
    assert " ".join(both.output.split()).count("are the same") == 2
    one = CliRunner().invoke(app, [*arguments, "--limit", "1"])
    assert "2 texts are in both" in one.output
    assert " ".join(one.output.split()).count("are the same") == 1


def test_convert_counts_what_it_leaves_out(tmp_path):
    source, output = tmp_path / "a.conll", tmp_path / "a.spacy"
    source.write_text("Ada B-P\nran O\n\nBob\n")
    arguments = ["convert", str(source), str(output), "--skip-bad"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "a.conll (conll, bio tags)" in shown.output
    assert "1 bad records or lines were left out" in shown.output
    source.write_text("Bob\n")
    shown = CliRunner().invoke(app, [*arguments, "--format", "conll"])
    assert shown.exit_code == 1
    assert "1 bad, nothing written." in shown.output
    shown = CliRunner().invoke(app, arguments[:3])
    assert "1 bad, nothing written." in shown.output, "without it nothing is left"
    source.write_text("Ada ran")
    shown = CliRunner().invoke(app, [*arguments[:2], str(tmp_path / "a.txt")])
    assert shown.exit_code == 1
    assert "has to end in .spacy" in shown.output.replace("\n", " ")


def test_spacy_has_the_commands():
    assert "convert" in CliRunner().invoke(spacy_app, ["causal", "--help"]).output


def test_fewer_findings_than_none_are_refused(tmp_path):
    """They would leave out the last ones unsaid."""
    (tmp_path / "train.txt").write_text("[Acme](ORG) grew.\n")
    arguments = ["check", str(tmp_path / "train.txt"), "--limit", "-1"]
    assert CliRunner().invoke(app, arguments).exit_code == 2
