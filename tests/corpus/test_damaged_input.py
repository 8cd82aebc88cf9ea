"""Whatever a file holds, it is converted, or refused by file, line and reason."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import SEED_BYTES, convert_damaged, mutate

SETTINGS = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", SEED_BYTES)
def test_sound_files_convert(tmp_path, name):
    summary = convert_damaged(tmp_path, name, SEED_BYTES[name], skip_bad=False)
    assert summary.written, summary.problems


@SETTINGS
@given(
    name=st.sampled_from(sorted(SEED_BYTES)), seed=st.integers(0), skip=st.booleans()
)
def test_damaged_files_convert_or_are_refused(tmp_path, name, seed, skip):
    data = mutate(SEED_BYTES[name], np.random.default_rng(seed))
    convert_damaged(tmp_path, name, data, skip_bad=skip)


@SETTINGS
@given(name=st.sampled_from(sorted(SEED_BYTES)), data=st.binary(max_size=200))
def test_random_bytes_convert_or_are_refused(tmp_path, name, data):
    convert_damaged(tmp_path, name, data, skip_bad=False)
