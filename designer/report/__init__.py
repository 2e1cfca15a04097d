"""Figures and pages, all from realised taps. The only room that imports matplotlib."""
