"""A CNN that is small enough to train in a test."""

from typing import Any


def cnn(width: int = 16, depth: int = 1, embed_size: int = 200) -> dict[str, Any]:
    return {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": width,
        "depth": depth,
        "embed_size": embed_size,
        "window_size": 1,
        "maxout_pieces": 2,
        "subword_features": True,
    }
