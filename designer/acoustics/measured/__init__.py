"""Measured drivers, heads and whole devices, read from files and interpolated over direction; one file format a module."""
