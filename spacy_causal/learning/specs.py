"""Names with settings of their own, on a command line: "NAME:setting=value:..."."""

from typing import Any

import srsly


def parse_spec(text: str) -> tuple[str, dict[str, Any]]:
    """The name and the settings; values are JSON, or else text.

    Raises ValueError for a setting without a value.
    """
    name, *pairs = text.split(":")
    return name, dict(_setting(pair) for pair in pairs)


def _setting(pair: str) -> tuple[str, Any]:
    name, equals, value = pair.partition("=")
    if not equals:
        raise ValueError(f"A setting is like weight=1, not {pair!r}.")
    try:
        return name, srsly.json_loads(value)
    except ValueError:
        return name, value
