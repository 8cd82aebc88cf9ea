"""project.yml: valid for weasel, and its commands name what is there."""

import re
import shlex
from pathlib import Path

import pytest
import srsly
from thinc.api import Config
from weasel.schemas import ProjectConfigSchema, validate
from weasel.util.config import load_project_config

ROOT = Path(__file__).parent.parent
RAW = srsly.read_yaml(ROOT / "project.yml")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    # In a copy: loading makes the folders that the project declares.
    folder = tmp_path_factory.mktemp("project")
    (folder / "project.yml").write_bytes((ROOT / "project.yml").read_bytes())
    return load_project_config(folder)


def test_it_is_valid_for_weasel():
    assert validate(ProjectConfigSchema, RAW) == []


@pytest.mark.parametrize("name", RAW["workflows"])
def test_each_workflow_makes_what_it_needs_in_order(project, name):
    commands = {command["name"]: command for command in project["commands"]}
    made = {str(path.relative_to(ROOT)) for path in ROOT.glob("assets/**/*.txt")}
    made |= {str(path.relative_to(ROOT)) for path in ROOT.glob("configs/*.cfg")}
    made |= {str(path.relative_to(ROOT)) for path in ROOT.glob("benchmarks/*.py")}
    made |= {str(path.relative_to(ROOT)) for path in ROOT.glob("assets/papers/*")}
    # Rows are committed, and runs append to them.
    made |= {str(path.relative_to(ROOT)) for path in ROOT.glob("benchmarks/results/*")}
    for step in project["workflows"][name]:
        command = commands[step]
        for need in command["deps"]:
            assert any(out == need or out.startswith(f"{need}/") for out in made), need
        made.update(command["outputs"])


def test_each_command_can_be_skipped_when_current(project):
    for command in project["commands"]:
        assert command["deps"] and command["outputs"], command["name"]


def test_scripts_name_files_that_exist_or_are_made(project):
    made = {out for command in project["commands"] for out in command["outputs"]}
    for command in project["commands"]:
        words = [word for line in command["script"] for word in shlex.split(line)]
        for word in words:
            if re.fullmatch(r"[\w/]+\.(cfg|txt|spacy|json|html)", word):
                assert word in made or (ROOT / word).exists(), word


def test_open_corpora_are_pinned_and_not_fetched_by_default(project):
    assert project["assets"]
    for asset in project["assets"]:
        assert asset["extra"], asset["dest"]
        assert re.fullmatch(r"[0-9a-f]{32}", asset["checksum"]), asset["dest"]
        assert re.match(
            r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/",
            asset["url"],
        )


def test_arms_differ_in_the_head_and_the_rates_alone(project):
    options = {}
    for arm in ("plain", "causal"):
        (command,) = (c for c in project["commands"] if c["name"] == f"train-{arm}")
        words = shlex.split(command["script"][0].replace(f"/{arm}/", "/ARM/"))
        names = [i for i, word in enumerate(words) if word.startswith("--")]
        options[arm] = {words[i]: words[i + 1] for i in names}
    encoder = "--components.tok2vec.model"
    rates = [options["plain"].pop(f"{encoder}.{x}") for x in ("rate", "other_rate")]
    head = options["plain"].pop("--components.causal_ner.model")
    assert options["plain"] == options["causal"]
    assert list(map(float, rates)) == [0, 0]
    config = Config().from_disk(ROOT / "configs" / "cnn.cfg", interpolate=False)
    width = config["components"]["tok2vec"]["model"]["encoder"]["width"]
    assert srsly.json_loads(head)["tok2vec"]["width"] == width


def test_all_that_trains_or_scores_heeds_the_gpu(project):
    """What has to: spaCy's own commands, ours, and the benchmarks' runs."""
    needs = re.compile(
        r"spacy (train|evaluate) |causal (augment|effects|simulate-\w+) "
        r"|benchmarks/(citisl|cfgen|wbadge|seqmix|combined)\.py "
    )
    lines = [line for command in project["commands"] for line in command["script"]]
    asked = [line for line in lines if needs.search(line)]
    assert len(asked) > 30
    for line in asked:
        assert line.count("--gpu-id -1") == 1, line
        for name in re.findall(r"benchmarks/\w+\.py", line):
            assert "gpu_id" in (ROOT / name).read_text(), name
