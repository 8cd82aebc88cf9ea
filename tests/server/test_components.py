"""What a recipe returns is checked before anybody is asked."""

import pytest

from spacy_causal.server.components import check_components

GOOD = {"dataset": "a", "view_id": "choice", "stream": iter([])}


def test_what_prodigy_takes_is_left_as_it_is():
    components = {**GOOD, "update": None, "on_exit": print, "config": {"labels": []}}
    assert check_components(components) is components


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dataset": None, "stream": None}, "returns no dataset, stream"),
        ({"uptade": print, "db": "x"}, "returns an unknown uptade, db"),
        ({"view_id": "html"}, "No view 'html': one of choice, ner_manual"),
        ({"update": "learn"}, "'update' cannot be called"),
        ({"on_exit": 3}, "'on_exit' cannot be called"),
        ({"stream": 3}, "stream cannot be iterated over"),
    ],
)
def test_what_could_not_be_run_is_refused(change, reason):
    with pytest.raises(ValueError, match=reason):
        check_components(GOOD | change)
