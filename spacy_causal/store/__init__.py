"""Answers on disk: an append-only journal, and all that follows from it."""

DEFAULT_URL = "sqlite:///spacy-causal.db"
