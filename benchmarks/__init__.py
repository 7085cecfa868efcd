"""Comparisons against peers on the same work in one run, told as ratios."""
