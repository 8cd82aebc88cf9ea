"""Randomised interventions on what a model reads."""
