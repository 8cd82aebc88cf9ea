"""Mixed sequences with soft labels, after SeqMix (EMNLP 2020)."""
