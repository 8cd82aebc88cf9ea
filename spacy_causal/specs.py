"""Values of command-line options: lists of names, and names with settings,
"NAME:setting=value,setting=value"."""

import json
import re
from collections.abc import Mapping
from typing import Any

# A comma or colon before "setting=" goes on with the settings; others are of a value.
BETWEEN_SETTINGS = re.compile(r"[:,](?=\s*\w+\s*=)")
BETWEEN_SPECS = re.compile(r",(?!\s*\w+\s*=)")


def split_names(text: str) -> tuple[str, ...]:
    """The names of a list like "PER, LOC", without what is empty."""
    return _stripped(text.split(","))


def split_specs(text: str) -> tuple[str, ...]:
    """The names with settings of a list like "random,bald:samples=20,dropout=0.2"."""
    return _stripped(BETWEEN_SPECS.split(text))


def parse_spec(text: str) -> tuple[str, dict[str, Any]]:
    """The name and the settings; values are JSON, or else text.

    Raises ValueError for a setting without a value, or one that is given twice.
    """
    name, colon, rest = text.partition(":")
    settings: dict[str, Any] = {}
    for pair in BETWEEN_SETTINGS.split(rest) if colon else ():
        setting, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            raise ValueError(f"Write a setting as weight=1, not {pair!r}.")
        if setting in settings:
            raise ValueError(f"{setting!r} is set twice: {text!r}.")
        settings[setting] = _value(value)
    return name.strip(), settings


def write_spec(name: str, settings: Mapping[str, Any]) -> str:
    """A name and its settings as `parse_spec` reads them: always the same text for the
    same settings, whatever their order, and whether a number is 8 or 8.0."""
    pairs = (f"{key}={_written(settings[key])}" for key in sorted(settings))
    return f"{name}:{','.join(pairs)}" if settings else name


def _written(value: Any) -> str:
    if isinstance(value, str) and _value(value.strip()) == value and "=" not in value:
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # An equals sign ends a setting's name, in quotes as well.
    return json.dumps(value, ensure_ascii=False).replace("=", r"\u003d")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _stripped(parts: list[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in parts if part.strip())
