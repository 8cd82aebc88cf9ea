"""I(Z; E) against a loop in float64, and what it is used as."""

import math

import numpy as np
import pytest

from spacy_causal.display.information import information_gain
from spacy_causal.display.noise import (
    keyed_noise,
    keyed_rng,
    noise_key,
    noise_scale,
    spread_scale,
)

LENGTHS = [3, 0, 1, 4]
ATTENTION = np.random.default_rng(0).dirichlet(np.ones(5) / 2, size=8)


def slow_gain():
    entropies = [
        -sum(a * math.log(a) for a in row if a > 0) for row in ATTENTION.tolist()
    ]
    gain, start = [], 0
    for n in LENGTHS:
        inside = entropies[start : start + n]
        gain += [sum(inside) / n - h for h in inside]
        start += n
    return gain


def test_information_gain():
    got = information_gain(ATTENTION, LENGTHS)
    np.testing.assert_allclose(got, slow_gain(), atol=1e-12)
    assert got[3] == 0
    assert got.sum() == pytest.approx(0)


def test_attention_to_one_word_and_to_all():
    attention = np.array([[1.0, 0, 0, 0], [0.25] * 4], dtype=np.float32)
    expected = [math.log(4) / 2, -math.log(4) / 2]
    np.testing.assert_allclose(information_gain(attention, [2]), expected, rtol=1e-6)


def scale_of(modulation, gain=True):
    values = information_gain(ATTENTION, LENGTHS) if gain else None
    return noise_scale(values, LENGTHS, modulation=modulation, size=0.5)


def test_modulations():
    gain = np.array(slow_gain())
    np.testing.assert_array_equal(scale_of("none"), np.zeros(8))
    np.testing.assert_array_equal(scale_of("fixed"), np.full(8, 0.5))
    np.testing.assert_allclose(scale_of("printed"), gain, atol=1e-6)
    np.testing.assert_allclose(
        scale_of("positive"), [max(g, 0) for g in gain], atol=1e-6
    )
    rescaled = scale_of("rescaled")
    for start, end in ((0, 3), (4, 8)):
        spread = sum(abs(g) for g in gain[start:end]) / (end - start)
        expected = 0.5 * gain[start:end] / spread
        np.testing.assert_allclose(rescaled[start:end], expected, rtol=1e-5)
    assert rescaled[3] == 0.5


def test_where_there_is_no_attention():
    for modulation in ("fixed", "rescaled"):
        np.testing.assert_array_equal(scale_of(modulation, gain=False), np.full(8, 0.5))
    for modulation in ("printed", "positive"):
        with pytest.raises(ValueError, match=f'"{modulation}" needs a head.*"fixed"'):
            scale_of(modulation, gain=False)


def test_noise_as_wide_as_the_logits():
    logits = np.array([[1, 3], [5, 5], [-10, 10]], dtype=np.float32)
    np.testing.assert_array_equal(spread_scale(logits, 0.5), [0.5, 0, 5])
    np.testing.assert_array_equal(spread_scale(logits + 7, 1.0), [1, 0, 10])
    np.testing.assert_array_equal(spread_scale(logits[:, :0], 1.0), [0, 0, 0])
    with pytest.raises(ValueError, match="spread_scale"):
        scale_of("spread")


def test_even_attention_that_is_zero_but_for_rounding():
    attention = np.full((3, 7), 1 / 7, dtype=np.float32)
    gain = information_gain(attention, [3]) + np.float32(1e-8)
    scale = noise_scale(gain, [3], modulation="rescaled", size=2.0)
    np.testing.assert_array_equal(scale, [2, 2, 2])


def key(words=b"a b", seed=0, round=0, purpose="display"):
    return noise_key(words, seed=seed, round=round, purpose=purpose)


def test_noise_depends_on_its_key_alone():
    one = keyed_noise([key()], [4], 3)
    other = keyed_noise([key(b"c")], [2], 3)
    both = keyed_noise([key(b"c"), key(b""), key()], [2, 0, 4], 3)
    np.testing.assert_array_equal(both, np.concatenate([other, one]))
    fresh = keyed_rng(key()).standard_normal((4, 3), dtype=np.float32)
    np.testing.assert_array_equal(one, fresh)


def test_keys_differ_in_every_part():
    keys = [key(), key(b"a c"), key(seed=1), key(round=1), key(purpose="propensity")]
    assert len(set(keys)) == len(keys)
    assert key(seed=1, round=23) != key(seed=12, round=3)


def test_noise_is_standard_normal():
    noise = keyed_noise([key(str(i).encode()) for i in range(500)], [20] * 500, 10)
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1) < 0.01
    assert abs(np.corrcoef(noise[:-1, 0], noise[1:, 0])[0, 1]) < 0.05
