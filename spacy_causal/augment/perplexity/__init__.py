"""Screens that judge a text by how a language model reads it."""
