"""Frozen values the stages hand to each other. No I/O, no third party."""
