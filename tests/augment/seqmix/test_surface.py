"""How a mixed text is written."""

import pytest

from spacy_causal.augment.seqmix.surface import Written, cased_like, spaces_between


@pytest.mark.parametrize(
    ("word", "heavier", "lighter", "expected"),
    [
        ("oslo", ("Rome", False), ("went", False), "Oslo"),
        ("oslo", ("went", False), ("Rome", False), "oslo"),
        ("Oslo", ("ROME", False), ("went", False), "OSLO"),
        ("went", ("10", False), ("Rome", False), "Went"),
        ("went", ("10", False), (",", False), "went"),
        ("went", ("The", True), ("of", False), "went"),
        ("Went", ("The", True), ("of", False), "went"),
        ("went", ("A", True), ("of", False), "went"),
        ("oslo", ("A", False), ("of", False), "Oslo"),
        ("iPhone", ("Rome", False), ("of", False), "iPhone"),
        ("NATO", ("Rome", False), ("of", False), "NATO"),
        ("(", ("Rome", False), ("of", False), "("),
    ],
)
def test_casing_of_the_larger_share(word, heavier, lighter, expected):
    assert cased_like(word, Written(*heavier), Written(*lighter)) == expected


def test_new_neighbours_do_not_become_one_word():
    was = ["It", "'s", "5", "%", "."]
    spaces = [False, True, False, False, False]
    mixed = ["Oslo", "saw", "Rome", "and", "."]
    assert spaces_between(mixed, was, spaces) == [True, True, True, False, False]


def test_what_did_not_change_keeps_its_white_space():
    was = ["can", "not", "go"]
    assert spaces_between(was, was, [False, True, False]) == [False, True, False]


def test_text_without_spaces_stays_without():
    assert spaces_between(["甲", "乙"], ["丙", "丁"], [False, False]) == [False, False]
