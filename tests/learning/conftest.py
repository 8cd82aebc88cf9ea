"""A small pipeline and Docs to teach it."""

import pytest
import spacy
from toy_sessions import gold_docs, untrained


@pytest.fixture
def ner():
    return untrained()


@pytest.fixture
def docs():
    return gold_docs(spacy.blank("en"))
