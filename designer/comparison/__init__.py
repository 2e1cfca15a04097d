"""Designs side by side: who takes part, each channel's numbers and curves, and what the problem files differ in. No figures."""
