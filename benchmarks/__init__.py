"""Measurements, side by side with rivals: never a timed test."""
