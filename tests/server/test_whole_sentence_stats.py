"""How sentences that were annotated whole are counted."""

import spacy
from annotated_answers import annotate, sentence, token_question
from spacy.tokens import DocBin, Span

from spacy_causal.cli.stats import stats
from spacy_causal.corpus.bare import tokens_of
from spacy_causal.server.manual import VIEW, checked_spans
from spacy_causal.server.stats import WHOLE, mode_stats, truths_of_gold
from spacy_causal.store.hashing import set_hashes

NLP = spacy.blank("en")
ANNA = "Anna Li lives in Rome."


def whole(text, answer, *spans, session="", seconds=3.0):
    """A sentence annotated whole; spans of first token, last token, label."""
    doc = NLP(text)
    task = set_hashes({"text": text, "tokens": tokens_of(doc)}, VIEW)
    names = ("token_start", "token_end", "label")
    given = [dict(zip(names, span, strict=True)) for span in spans]
    task |= {"spans": checked_spans(task, given, ["PER", "LOC"]), "answer": answer}
    return {**task, "_view_id": VIEW, "_session_id": session, "seconds": seconds}


def test_stats_of_whole_sentences(tmp_path):
    doc, partly = NLP(ANNA), NLP("In Rome.")
    doc.ents = [doc.char_span(0, 7, "PER"), doc.char_span(17, 21, "LOC")]
    partly.set_ents([], missing=[partly[:1]], default="outside")
    DocBin(docs=[doc, partly]).to_disk(tmp_path / "gold.spacy")
    said = [
        whole(ANNA, "accept", (0, 1, "PER"), (4, 4, "LOC"), session="ann"),
        whole(ANNA, "accept", (0, 0, "PER"), (4, 4, "LOC"), session="bob", seconds=6.0),
        whole("In Rome.", "accept", session="ann"),
        whole("Skipped here.", "ignore", session="ann", seconds=None),
        whole("Bad here.", "reject", session="ann"),
    ]
    (row,) = mode_stats(said, truths_of_gold(tmp_path / "gold.spacy"))
    assert row.mode == "whole sentences"
    assert (row.annotators, row.sentences, row.answers, row.skipped) == (2, 5, 4, 1)
    assert row.seconds_a_sentence == 3.75 and row.sentences_right == 0.5
    assert row.none is row.seconds_an_answer is row.answers_right is None
    assert mode_stats(said)[0].sentences_right is None


def test_gold_tells_the_command_right_from_wrong(tmp_path, capsys):
    url, gold = f"sqlite:///{tmp_path}/a.db", tmp_path / "gold.spacy"
    questions, chosen = [token_question(i) for i in range(2)], [[["PER"]], [["ORG"]]]
    annotate(url, "one", "choice", questions, chosen, names=["ann"])
    docs = [NLP.make_doc(question["text"]) for question in questions]
    for doc in docs:
        doc.set_ents([Span(doc, 0, 1, "PER")], default="outside")
    DocBin(docs=docs).to_disk(gold)
    for given, right in [(None, ["-", "-"]), (gold, ["50.0", "%", "50.0", "%"])]:
        stats("one", db=url, gold=given)
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        (row,) = (line for line in lines if line[:3] == ["K", "=", "2"])
        assert row[-len(right) :] == right


def test_the_papers_figures_stand_beside_modes_like_its_own(tmp_path, capsys):
    url = f"sqlite:///{tmp_path}/a.db"
    annotate(url, "choices", "choice", [token_question(0)], [[["PER"]]], names=["ann"])
    annotate(url, "whole", VIEW, [sentence(0)], [[[(0, 1, "PER")]]], names=["ann"])
    for dataset, mode, papers in [("choices", "K = 2", True), ("whole", WHOLE, False)]:
        stats(dataset, db=url)
        printed = capsys.readouterr().out
        assert mode in printed
        assert ("K = 3, 5, 7" in printed) == papers
        assert "all labels" not in printed and ("CITISL" in printed) == papers
