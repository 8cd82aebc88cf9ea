"""`feedback`: a session that asks about a model's labels, as `recipes.feedback`."""

from recipes.feedback import command as feedback

__all__ = ["feedback"]
