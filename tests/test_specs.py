"""Names and their settings as a command line writes them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spacy_causal.specs import parse_spec, split_names, split_specs, write_spec


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("PER,LOC", ("PER", "LOC")),
        (" PER , LOC,", ("PER", "LOC")),
        ("per=son", ("per=son",)),
        ("", ()),
        (" , ", ()),
    ],
)
def test_a_list_of_names(text, names):
    assert split_names(text) == names


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("random,mnlp", ("random", "mnlp")),
        (" random , mnlp ,", ("random", "mnlp")),
        ("a:x=1,y=2,b", ("a:x=1,y=2", "b")),
        ("a:x=1:y=2,b", ("a:x=1:y=2", "b")),
        ("b,a:x=1, y = 2", ("b", "a:x=1, y = 2")),
        ("", ()),
    ],
)
def test_a_list_of_names_with_settings(text, specs):
    assert split_specs(text) == specs


@pytest.mark.parametrize(
    ("text", "name", "settings"),
    [
        ("random", "random", {}),
        ("a:x=1,y=0.5", "a", {"x": 1, "y": 0.5}),
        ("a:x=1:y=0.5", "a", {"x": 1, "y": 0.5}),
        ("a:x=0.3", "a", {"x": 0.3}),
        (" a : x = 1 , y = l2 ", "a", {"x": 1, "y": "l2"}),
        ("a:weight=1/l2,guard=null", "a", {"weight": "1/l2", "guard": None}),
        ('a:outside=["O","X"],on=true', "a", {"outside": ["O", "X"], "on": True}),
    ],
)
def test_a_name_and_its_settings(text, name, settings):
    assert parse_spec(text) == (name, settings)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("random", "random"),
        (" a : y = l2 , x = 8.0 ", "a:x=8,y=l2"),
        ("a:weight=1/l2,guard=null", "a:guard=null,weight=1/l2"),
        ('a:weight="1",on=true', 'a:on=true,weight="1"'),
        ('a:outside=["O", "Ä"]', 'a:outside=["O", "Ä"]'),
        ('a:outside=["a:b", "c"],path=C:x', 'a:outside=["a:b", "c"],path=C:x'),
    ],
)
def test_one_spelling_of_what_is_typed_in_several_ways(text, written):
    name, settings = parse_spec(text)
    assert write_spec(name, settings) == written
    assert parse_spec(written) == (name, settings)


VALUES = st.recursive(
    st.text() | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3),
)
NAMES = st.from_regex(r"[a-z_]{1,5}", fullmatch=True)


@given(NAMES, st.dictionaries(NAMES, VALUES, max_size=4))
@example("a", {"p": "x,y=z", "q": [" = ", "b:c=d"]})
def test_what_is_written_is_read_again(name, settings):
    assert parse_spec(write_spec(name, settings)) == (name, settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:l2", "as weight=1, not 'l2'"),
        ("a:", "as weight=1, not ''"),
        ("a:x=1,x=2", "'x' is set twice"),
    ],
)
def test_what_is_no_setting(text, said):
    with pytest.raises(ValueError, match=said):
        parse_spec(text)
