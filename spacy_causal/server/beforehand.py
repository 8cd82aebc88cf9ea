"""Checks before a session begins: files that are otherwise first read by the learning
process, or first written when the session ends."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import spacy
from spacy.language import Language
from spacy.vocab import Vocab
from thinc.compat import has_gpu

from spacy_causal.corpus.files import read_spacy
from spacy_causal.corpus.labels import is_labelled
from spacy_causal.learning.background import check_replaceable
from spacy_causal.learning.imputation import imputer_from


def check_output(folder: Path | None, *models: str | None) -> None:
    """Make the folder of the taught pipeline.

    models (str | None): What the session begins with: taken up again, it begins there
        again.
    Raises OSError when nothing can be written there, ValueError for the folder of such
    a model or of anything that is no pipeline.
    """
    if folder is not None:
        if folder.resolve() in [Path(model).resolve() for model in models if model]:
            raise ValueError(
                f"--output is {folder}, the model the session begins with: a resumed "
                "session would teach it everything twice. Give another folder."
            )
        folder.mkdir(parents=True, exist_ok=True)
        check_replaceable(folder)
        TemporaryFile(dir=folder).close()


def check_labelled(initial: Path | None, dev: Path | None) -> None:
    """Raise OSError or ValueError for what is no `.spacy` file, and for one to score on
    in which nothing is annotated: token targets alone are no truth."""
    if initial is not None:
        next(read_spacy(initial, Vocab()), None)
    if dev is not None and not any(map(is_labelled, read_spacy(dev, Vocab()))):
        raise ValueError(f"No document of {dev} is annotated: nothing to score on.")


def check_imputer(imputer: str | None, nlp: Language, component: str) -> None:
    """Raise OSError or ValueError for a pipeline that cannot guess for a component, see
    `imputer_from`."""
    if imputer is not None:
        pipe: Any = nlp.get_pipe(component)
        imputer_from(spacy.load(imputer), None, pipe.tag_set)


def read_guidelines(path: Path | None) -> str:
    """What annotators are told, "" where no file is given.

    Raises OSError or ValueError, which names it, for a file that cannot be read.
    """
    if path is None:
        return ""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: the guidelines are no UTF-8 text.") from error


def check_gpu(gpu_id: int) -> None:
    """Raise ValueError where there is none to learn on; -1 is the CPU."""
    if gpu_id >= 0 and not has_gpu:
        raise ValueError(f"--gpu-id {gpu_id}: there is no GPU, or no cupy to use it.")
