"""What the commands have in common."""

from pathlib import Path

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
