"""How wide a model is that is about to be loaded."""

from collections.abc import Iterator
from contextlib import contextmanager

from thinc.api import Model


@contextmanager
def any_width(model: Model) -> Iterator[None]:
    """Within it weights for more or fewer tags can be loaded; where none were, the
    model is as wide as before."""
    layers = (model, model.get_ref("output_layer"))
    widths = [layer._dims["nO"] for layer in layers]
    for layer in layers:
        layer._dims["nO"] = None
    try:
        yield
    finally:
        for layer, width in zip(layers, widths, strict=True):
            if layer._dims["nO"] is None:
                layer._dims["nO"] = width
