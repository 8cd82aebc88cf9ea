"""Strategies by the names that command lines and recipes give them."""

from inspect import signature
from typing import Any

from spacy import registry

from spacy_causal.specs import parse_spec
from spacy_causal.types import Acquire

BEGIN, END = "spacy-causal.acquire_", ".v1"


def make_strategy(text: str, **settings: Any) -> Acquire:
    """A registered strategy by its name, "NAME" or "NAME:setting=value,setting=value":
    any that is registered as `spacy-causal.acquire_NAME.v1`, by whatever package.

    settings (Any): Further ones, that the text does not give.
    Raises ValueError for a name that is not registered or settings it does not take.
    """
    name, given = parse_spec(text)
    for setting in given.keys() & settings.keys():
        raise ValueError(f"{setting!r} is set twice, by {text!r} and beside it.")
    try:
        acquire: Acquire = _factory(name)(**given, **settings)
    except TypeError as error:
        raise ValueError(f"The strategy {name!r}: {error}.") from error
    return acquire


def describe_strategy(text: str) -> dict[str, Any]:
    """A strategy's settings with its defaults, so that rows tell them apart should the
    defaults change."""
    name, given = parse_spec(text)
    defaults = signature(_factory(name)).parameters.values()
    return {each.name: given.get(each.name, each.default) for each in defaults}


def strategy_names() -> list[str]:
    """The registered strategies, sorted."""
    return sorted(
        name.removeprefix(BEGIN).removesuffix(END)
        for name in registry.misc.get_all()
        if name.startswith(BEGIN) and name.endswith(END)
    )


def _factory(name: str) -> Any:
    if not registry.has("misc", f"{BEGIN}{name}{END}"):
        known = ", ".join(strategy_names())
        raise ValueError(f"Unknown strategy {name!r}: one of {known}.")
    return registry.misc.get(f"{BEGIN}{name}{END}")
