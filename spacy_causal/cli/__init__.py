"""Commands of `python -m spacy causal`, one a file."""
