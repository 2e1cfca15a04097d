"""Coefficients that are no numbers reach no firmware."""

from __future__ import annotations

import numpy as np
import pytest

from designer.errors import UsageError
from designer.export import TARGETS
from designer.export.write import export_of
from designer.realization.cascade import Cascade
from export import filter_cases


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("value", [float("nan"), float("-inf"), 1e39])
def test_no_target_writes_what_is_no_number(target: str, value: float) -> None:
    """A tap or a feedback coefficient that is none, or that a float does not hold: one refusal for all targets, and no `nanF` in C."""
    taps = np.linspace(-1, 1, 8)[None]
    spoilt = np.where(np.arange(8) == 3, value, taps)
    cascade = Cascade(np.ones((1, 3)), np.array([[0.1, value]]))
    for filters in (
        filter_cases.made({"a": spoilt}, ("d",), {}, "fir"),
        filter_cases.made({"a": taps}, ("d",), {"a": {"d": cascade}}, "biquad"),
    ):
        with pytest.raises(
            UsageError, match=rf"target {target}: got a coefficient of magnitude .* in a to d; expected fin"
        ):
            export_of(filters, target)
