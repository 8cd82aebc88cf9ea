"""A simulated session that cannot be run is refused before anything is read."""

from pathlib import Path

import pytest

from spacy_causal.experiments.feedback_setup import FeedbackSetup

FILES = {"train": Path("a.spacy"), "dev": Path("b.spacy")}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"model": "m", "config": Path("c.cfg")}, "Either a model to go on from or"),
        ({"initial": 0.0}, "initial share lies between 0 and 1, not 0.0"),
        ({"initial": 1.0}, "initial share lies between 0 and 1, not 1.0"),
        ({"unseen": 1.5}, "unseen lies between 0 and 1, not 1.5"),
        ({"explore": -0.1}, "explores lies between 0 and 1, not -0.1"),
        ({"mistakes": 1.1}, "mistakes is a probability, not 1.1"),
        ({"doubt": 0.5}, "Less than half of the answers can be doubted, not 0.5"),
        ({"unit": "word"}, "Unknown unit 'word': one of mention, token"),
        ({"user": "bored"}, "Unknown user 'bored': one of perfect"),
        ({"mode": "loud"}, "Unknown mode 'loud': one of own_ruled_out"),
        ({"user": "partial"}, "knows only some labels: say which"),
        ({"known": ("PER",)}, "knows only some labels: say which"),
        ({"mode": "imputed"}, "need an imputer: a trained pipeline"),
        ({"imputer": "m"}, "need an imputer: a trained pipeline"),
        ({"k": 0}, "k and the batch size are at least 1"),
        ({"batch_size": 0}, "k and the batch size are at least 1"),
        ({"max_texts": -1}, "Neither texts nor steps can be fewer than none"),
        ({"steps": -1}, "Neither texts nor steps can be fewer than none"),
    ],
)
def test_what_contradicts_itself_is_refused(said, reason):
    with pytest.raises(ValueError, match=reason):
        FeedbackSetup(**FILES, **said)
