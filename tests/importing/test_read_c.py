"""C sources: a small one written by hand, and every cmsis target that there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export import filter_cases

from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError
from designer.export import TARGETS, FilterSet
from importing.test_round_trip import exported, problem, responses

SOURCE = """/* A title
 * sample rate: 48000 Hz
 * channels: a, b
 * drivers: woofer, front, tweeter
 * form: fir; bulk delay: 3 samples
 */
/* a -> woofer: 4 taps, the last first; a tap is q 2^(1 - 31) */
static const q31_t x_taps_a_woofer[4] = {
    (-2147483647 - 1), 1073741824, -1,
    536870912,
};
/* b -> front: 2 sections of b0, b1, b2, a1, a2, feedback added; postShift 1, output shift 2 */
static const q31_t x_sections_b_front[10] = {
    1073741824, 0, 0, 536870912, 0, 1073741824, 0, 0, 0, 0,
};

void x_init(x_state *state)
{
    arm_fir_init_q31(&state->fir_1, 4, x_taps_a_woofer, state->state_1, X_BLOCK);
    arm_biquad_cascade_df1_init_q31(&state->sections_2, 2, x_sections_b_front, state->state_2, 1);
}

void x_process(x_state *state, const q31_t *const *in, q31_t *const *out)
{
    /* a */
    memmove(state->history_a, state->history_a + X_BLOCK, 5 * sizeof state->history_a[0]);
    memcpy(state->history_a + 5, in[0], X_BLOCK * sizeof state->history_a[0]);
    lower(state->history_a + 3, state->lowered, 2);
    arm_fir_q31(&state->fir_1, state->lowered, state->part, X_BLOCK);
    add(state->sum[0], state->part, 8);
    add(state->sum[2], state->history_a + 1, 1);

    /* b */
    memmove(state->history_b, state->history_b + X_BLOCK, 1 * sizeof state->history_b[0]);
    memcpy(state->history_b + 1, in[1], X_BLOCK * sizeof state->history_b[0]);
    arm_biquad_cascade_df1_q31(&state->sections_2, state->history_b, state->part, X_BLOCK);
    add(state->sum[1], state->part, 4);
}
"""


def test_a_source_read_by_hand(tmp_path: Path) -> None:
    """Reversed taps, shifts, a lowered input that waits 2 samples, a pure delay of 4, and sections behind 1 sample."""
    (tmp_path / "x.c").write_text(SOURCE, encoding="utf-8")
    found = read_coefficients(tmp_path, problem(("a", "b"), filter_cases.DRIVERS))
    assert found.bulk_delay_samples == 3
    assert found.taps["a"]["woofer"].tolist() == [0.0, 0.0, 0.5, -(2.0**-30), 1.0, -2.0]
    assert found.taps["a"]["tweeter"].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    # Two sections of postShift 1, each with b0 = 1; the first feeds half of its output back; the output is raised by 2 bits.
    assert found.taps["b"]["front"][:4].tolist() == [0.0, 4.0, 2.0, 1.0]
    assert found.sections["b"]["front"].delay_samples == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[4]", "[5]", "got 4 numbers in x_taps_a_woofer; expected 5, as it declares"),
        ("536870912,\n", "one,\n", "got 'one' for x_taps_a_woofer; expected a finite number"),
        (
            "state->sum[1], state->part",
            "state->sum[7], state->part",
            "got '7' for the output of an add; expected a whole number from 0",
        ),
        (
            "4 taps",
            "some taps",
            "got a pole of|got no array behind|got 4 numbers",
        ),
        ("48000", "44100", "got a sample rate of 44100 Hz"),
        (
            "0, 536870912, 0, 1073741824",
            "0, 2147483647, 0, 1073741824",
            "got a pole of radius 2.000000 in 'b', 'front'",
        ),
        (
            "    arm_biquad_cascade_df1_q31(&state->sections_2, ",
            "    arm_biquad_cascade_df1_q31(&state->sections_2,\n        ",
            "got no array behind the sum for 'front'; expected the functions of a cmsis export as it wrote them",
        ),
        (
            "    add(state->sum[2], state->history_a",
            "\n    add(state->sum[2], state->history_a",
            "got 3 sums, 2 of them in a channel's lines; expected the functions of a cmsis export as it wrote",
        ),
    ],
)
def test_a_broken_source_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """Each fault by name."""
    source = SOURCE.replace(old, new, 1)
    (tmp_path / "x.c").write_text(source, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_coefficients(tmp_path / "x.c", problem(("a", "b"), filter_cases.DRIVERS))


CASES = {
    "taps": filter_cases.fir(),
    "an odd number of taps": filter_cases.fir(taps=41),
    "q15": filter_cases.words("q15"),
    "q31": filter_cases.words("q31"),
    "sections": filter_cases.biquads(),
    "odd names": filter_cases.odd_names(),
}
STEP = {"cmsis-f32": 2.0**-22, "cmsis-q31": 2.0**-28, "cmsis-q15": 2.0**-11}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("target", [name for name in STEP if name in TARGETS])
def test_cmsis_returns(target: str, case: str, tmp_path: Path) -> None:
    """What the C runs is what was exported, within the word's step at the sections' poles."""
    filters: FilterSet = CASES[case]
    drivers = filters.drivers if len(filters.drivers) > 1 else (*filters.drivers, "another")
    found = read_coefficients(exported(target, filters, tmp_path), problem(filters.channels, drivers, filters.form))
    length = filters.taps + 40
    expected = responses(filters, length)
    largest = max(np.abs(one).max() for one in expected.values())
    for (channel, driver), one in expected.items():
        got = np.zeros(length)
        part = found.taps[channel].get(driver, np.zeros(0))[:length]
        got[: part.size] = part
        assert np.abs(got - one).max() <= STEP[target] * largest
