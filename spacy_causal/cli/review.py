"""`review`: a session about what annotators disagree on, as `recipes.review`."""

from recipes.review import command as review

__all__ = ["review"]
