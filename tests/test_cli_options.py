"""What the commands have in common."""

import shlex
from pathlib import Path

import pytest

from spacy_causal.cli.augment import augment
from spacy_causal.cli.options import command_of


def test_a_command_as_it_could_be_typed(tmp_path):
    (tmp_path / "my model").mkdir()
    defaults = augment.__kwdefaults__
    given = {
        "source": tmp_path / "in.spacy",
        "output": tmp_path / "out.spacy",
        "model": str(tmp_path / "my model"),
        "keep_original": False,
        "balance": True,
        "donors": Path("more") / "donors.spacy",
        "lang": "xx",
        "html": tmp_path / "page.html",
        "gpu_id": 0,
        "something": "else",
    }
    assert command_of(augment, defaults | given) == (
        "python -m spacy causal augment in.spacy out.spacy --model 'my model' "
        "--balance --only-new --donors donors.spacy --lang xx --gpu-id 0"
    )


@pytest.mark.parametrize("model", [".", "名" * 100, "a model by name"])
def test_what_stands_for_a_model_is_never_lost(model):
    given = {"source": Path("a.spacy"), "output": Path("b.spacy"), "model": model}
    said = command_of(augment, augment.__kwdefaults__ | given)
    assert shlex.split(said)[-2:] == ["--model", model]
