"""Registered scorers: strict and relaxed entity F1, token-level F1."""
