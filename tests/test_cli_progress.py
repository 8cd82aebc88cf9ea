"""The bar of the commands that simulate."""

from spacy_causal.cli.progress import show_progress


def test_a_bar_passes_on_what_it_counts():
    bar = show_progress(iter("abc"), 3, "rounds")
    assert bar.total == 3
    assert list(bar) == ["a", "b", "c"]
