"""Supervision as a distribution over labels at a token."""
