"""Annotated corpora: formats read, converted to `.spacy`, checked and trained on."""
