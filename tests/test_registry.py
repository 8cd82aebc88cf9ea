"""What the package registers, and what registering costs."""

import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
DECLARED = [
    (group, name, target)
    for group, entries in tomllib.loads(PYPROJECT.read_text())["project"][
        "entry-points"
    ].items()
    for name, target in entries.items()
]


@pytest.mark.parametrize(("group", "name", "target"), DECLARED)
def test_every_registered_name_resolves(group, name, target):
    (entry,) = entry_points(group=group, name=name)
    assert entry.value == target, "reinstall the package: pip install -e ."
    assert callable(entry.load()) or group == "spacy_cli"


@pytest.mark.parametrize(("group", "name", "target"), DECLARED)
def test_names_follow_the_field(group, name, target):
    if group not in ("spacy_factories", "spacy_cli"):
        assert name.startswith("spacy-causal.")
        assert name.endswith(".v1")


BLOCKED = """
import sys
import spacy.cli
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "matplotlib", "seqeval"):
            raise ImportError(f"{name} is imported at start")
sys.meta_path.insert(0, Block())
for name in [m for m in sys.modules if m.partition(".")[0] == "torch"]:
    del sys.modules[name]
"""


@pytest.mark.parametrize("group", sorted({group for group, _, _ in DECLARED}))
def test_heavy_packages_wait_until_something_is_built(group):
    """spaCy itself imports every factory and command at start; the rest by name."""
    if group == "spacy_architectures":
        pytest.skip("architectures are torch modules: loaded when a model is built")
    modules = {target.partition(":")[0] for g, _, target in DECLARED if g == group}
    code = BLOCKED + f"import {', '.join(sorted(modules))}"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
