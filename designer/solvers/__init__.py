"""Matrices and cones only: stacked eigenproblems and searches, conic data to Clarabel, certificates."""
