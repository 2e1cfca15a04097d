"""Measured data as SOFA files (AES69): drivers, heads and whole devices, one a file."""
