"""What a file cannot say of a dataset is said beside it."""

import pytest
from annotated_answers import annotate, token_question

from spacy_causal.cli.export import export as export_command


@pytest.mark.parametrize(
    ("said", "warning"),
    [
        ([[["PER"], ["ORG"]], [["PER"], ["PER"]]], "1 question was"),
        ([[["PER"], ["ORG"]], [["PER"], []]], "2 questions were"),
        ([[["PER"], "ignore"], [["PER"], None]], None),
    ],
)
def test_what_annotators_disagree_on_is_counted(tmp_path, capsys, said, warning):
    url, output = f"sqlite:///{tmp_path}/a.db", tmp_path / "x"
    questions = [token_question(i) for i in range(2)]
    annotate(url, "one", "choice", questions, said, names=["ann", "bob"])
    export_command("one", output, format="jsonl", db=url)
    assert "several ways" not in capsys.readouterr().out
    export_command("one", output, format="doccano", db=url)
    printed = " ".join(capsys.readouterr().out.split())
    assert ("several ways" in printed) == bool(warning)
    assert not warning or f"{warning} answered in several ways: the later" in printed


@pytest.mark.parametrize("format", ["doccano", "label-studio", "conll", "spacy"])
def test_what_a_format_cannot_hold_is_counted(tmp_path, capsys, format):
    url, output = f"sqlite:///{tmp_path}/a.db", tmp_path / "x.spacy"
    annotate(url, "one", "choice", [token_question(0)], [[["PER"]]], names=["ann"])
    export_command("one", output, format=format, db=url)
    printed = " ".join(capsys.readouterr().out.split())
    holds = format in ("conll", "spacy")
    assert ("1 text is known in part: words without" in printed) != holds


@pytest.mark.parametrize(
    ("format", "sure", "warned"),
    [
        *(("spacy", 0.9, True), ("conll", 0.9, True)),
        *(("jsonl", 0.9, False), ("spacy", 1.0, False)),
    ],
)
def test_what_was_not_asked_about_is_unknown(tmp_path, capsys, format, sure, warned):
    url, output = f"sqlite:///{tmp_path}/a.db", tmp_path / "x.spacy"
    question = {**token_question(0), "sure": sure}
    annotate(url, "one", "choice", [question], [[["PER"]]], names=["ann"])
    export_command("one", output, format=format, db=url)
    printed = " ".join(capsys.readouterr().out.split())
    assert ("of which the model was sure" in printed) == warned
