"""Entities by type: ordered, drawn evenly, never the form that stands there."""

from collections import Counter

import pytest
from named_texts import docs_of
from numpy.random import default_rng
from spacy.tokens import Doc

from spacy_causal.augment.bank import (
    Donor,
    bank_of,
    collect_entities,
    merge_banks,
    read_bank,
    write_bank,
)
from spacy_causal.augment.shape import Shape, casing_of, shape_of


def forms(bank):
    return {x: [(d.text, d.seen) for d in donors] for x, donors in bank.donors.items()}


def test_entities_are_ordered_by_count_then_text(nlp):
    bank = collect_entities(docs_of(nlp))
    assert forms(bank) == {
        "LOC": [("Oslo", 1), ("Rome", 1), ("U.K.", 1)],
        "ORG": [("Acme", 1)],
        "PER": [("Ada", 2), ("Bo Li", 1), ("Cy", 1)],
    }
    assert bank.count("PER") == 4 and bank.count("none") == 0
    assert forms(collect_entities(docs_of(nlp)[::-1])) == forms(bank)


def test_a_donor_keeps_its_tokens(nlp):
    doc = Doc(
        nlp.vocab,
        words=["x", "-", "ray"],
        spaces=[False] * 3,
        ents=["B-T", "I-T", "I-T"],
    )
    (donor,) = collect_entities([doc]).donors["T"]
    assert donor.words == ("x", "-", "ray") and donor.text == "x-ray"


def test_it_comes_back_from_disk(nlp, tmp_path):
    bank = collect_entities(docs_of(nlp))
    write_bank(tmp_path / "deep" / "bank.json", bank)
    assert read_bank(tmp_path / "deep" / "bank.json") == bank
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["bank.json"]


@pytest.mark.parametrize("text", ["", "{}", '{"version": 9}', "[]", '{"version": 1}'])
def test_what_is_no_bank_says_so(tmp_path, text):
    path = tmp_path / "bank.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="not a bank of entities"):
        read_bank(path)


def test_counts_add_up(nlp):
    bank = collect_entities(docs_of(nlp))
    assert forms(merge_banks(bank, bank))["PER"][0] == ("Ada", 4)


def test_others_are_drawn_evenly():
    bank = bank_of(
        [
            ("T", Donor((c,), (False,), seen))
            for c, seen in zip("abcd", [9, 1, 1, 1], strict=True)
        ]
    )
    rng = default_rng(0)
    drawn = Counter(bank.others("T", "b").draw(rng).text for _ in range(3000))
    assert set(drawn) == {"a", "c", "d"} and min(drawn.values()) > 900
    strange = Counter(bank.others("T", "z").draw(rng).text for _ in range(999))
    assert set(strange) == {"a", "b", "c", "d"}
    assert bank.others("T", "b").number == 3 and bank.others("x", "b").number == 0


def test_compatible_donors_have_the_same_shape():
    texts = ["Anna", "Bert", "OSLO", "Jo Ann Lee", "10", "germans", "french"]
    donors = [
        Donor(tuple(t.split()), (True,) * len(t.split()), 1, t == "germans")
        for t in texts
    ]
    bank = bank_of([("T", donor) for donor in donors])
    rng = default_rng(0)
    anna = bank.others("T", "Anna", donors[0].shape)
    assert {anna.draw(rng).text for _ in range(9)} == {"Bert"}
    for alone in donors[2:]:
        assert bank.others("T", alone.text, alone.shape).number == 0


@pytest.mark.parametrize(
    ("words", "casing"),
    [
        (["EU"], "upper"),
        (["U.S.", "Army"], "title"),
        (["de", "Gaulle"], "mixed"),
        (["flu"], "lower"),
        (["北京"], "none"),
        (["1996", "-"], "none"),
        (["iPod"], "mixed"),
    ],
)
def test_casing(words, casing):
    assert casing_of(words) == casing


def test_length_goes_by_powers_of_two():
    lengths = [shape_of(["a"] * n, False).length for n in range(1, 9)]
    assert lengths == [1, 2, 2, 3, 3, 3, 3, 4]
    assert shape_of(["A1"], True) == Shape("upper", True, True, 1)


def test_number_is_the_annotated_one_or_the_ending(nlp):
    words = ["Germans", "Paris", "Glass", "sheep", "news"]
    doc = Doc(
        nlp.vocab,
        words=words,
        morphs=["", "", "", "Number=Plur", "Number=Sing"],
        ents=["B-T"] * 5,
    )
    plural = {d.text: d.plural for d in collect_entities([doc]).donors["T"]}
    expected = {
        "Germans": True,
        "Paris": False,
        "Glass": False,
        "sheep": True,
        "news": False,
    }
    assert plural == expected
