"""From weights to what a firmware runs, in the form that the problem file asks for: taps, judged later as they are."""

from designer.realization.fir import realize
from designer.realization.forms import realize_form
from designer.realization.realized import Realized
from designer.realization.response import response

__all__ = ["Realized", "realize", "realize_form", "response"]
