"""Annotation sessions, runnable with `python -m recipes.NAME`."""
