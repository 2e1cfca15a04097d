"""Judging realised filters: at the ears, over azimuth, and with the head moved."""

from designer.evaluation.tables import CHANNEL_STATUS, Evaluation, evaluate_taps

__all__ = ["CHANNEL_STATUS", "Evaluation", "evaluate_taps"]
