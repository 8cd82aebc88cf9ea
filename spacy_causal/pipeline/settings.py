"""What a labeller is configured with and saved with: its labels and its settings."""

from collections.abc import Iterable
from typing import Any

from spacy.vocab import Vocab

from spacy_causal.types import NONE_OF_THESE


def require_label(label: Any, layer: str) -> None:
    """Raise ValueError for what cannot be a label of a layer of annotation."""
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"A label is a word, not {label!r}.")
    if label == NONE_OF_THESE:
        raise ValueError(f"{label!r} is an answer about labels, and cannot be one.")
    if label == "O" and layer == "ner":
        raise ValueError('"O" marks tokens outside of entities: it is no label.')


def keep_in_vocab(vocab: Vocab, labels: Iterable[str]) -> None:
    """Labels outlive the memory zone that they came in. A component that is sourced
    also annotates Docs of a vocabulary that has not seen labels added since."""
    strings: Any = vocab.strings
    for label in labels:
        strings.add(label, allow_transient=False)


def heed_config(cfg: dict[str, Any], now: dict[str, Any], name: str) -> None:
    """Compare what was configured when a component was saved with what is now.

    cfg (dict[str, Any]): As loaded; takes on the temperature that has changed since.
    now (dict[str, Any]): "scheme" and "temperature".
    Raises ValueError for another scheme.
    """
    saved = cfg.get("configured", {})
    if saved.get("scheme", now["scheme"]) != now["scheme"]:
        raise ValueError(
            f"{name!r} was trained in the scheme {saved['scheme']!r}, and is "
            f"configured with {now['scheme']!r}: its tags mean other things there."
        )
    if saved.get("temperature", now["temperature"]) != now["temperature"]:
        cfg["temperature"] = now["temperature"]
    cfg["configured"] = now
