"""`select` as a user calls it, and texts to choose from."""

import srsly
from typer.testing import CliRunner

from spacy_causal.cli.app import app

TEXTS = [f"Anna {i} met Bert in Paris . Then {'he ' * i}left ." for i in range(12)]


def call(*arguments):
    return CliRunner().invoke(app, ["select", *map(str, arguments)])


def read(path):
    return list(srsly.read_jsonl(path))
