"""What a recipe returns: Prodigy's dict of components, checked."""

from typing import Any

REQUIRED = ("dataset", "view_id", "stream")
OPTIONAL = (
    "update",
    "exclude",
    "before_db",
    "on_load",
    "on_exit",
    "progress",
    "validate_answer",
    "event_hooks",
    "config",
)
VIEWS = ("choice", "ner_manual")
CALLABLE = ("update", "before_db", "on_load", "on_exit", "progress", "validate_answer")


def check_components(components: dict[str, Any]) -> dict[str, Any]:
    """The same dict. Raises ValueError for one that Prodigy or we could not run."""
    missing = [name for name in REQUIRED if components.get(name) is None]
    unknown = [name for name in components if name not in REQUIRED + OPTIONAL]
    if missing:
        raise ValueError(f"The recipe returns no {', '.join(missing)}.")
    if unknown:
        raise ValueError(f"The recipe returns an unknown {', '.join(unknown)}.")
    if components["view_id"] not in VIEWS:
        views = ", ".join(VIEWS)
        raise ValueError(f"No view {components['view_id']!r}: one of {views}.")
    for name in CALLABLE:
        if components.get(name) is not None and not callable(components[name]):
            raise ValueError(f"The recipe's {name!r} cannot be called.")
    if not hasattr(components["stream"], "__iter__"):
        raise ValueError("The recipe's stream cannot be iterated over.")
    return components
