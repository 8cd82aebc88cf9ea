"""`active`: a session that asks for whole sentences, as `recipes.active`."""

from recipes.active import command as active

__all__ = ["active"]
