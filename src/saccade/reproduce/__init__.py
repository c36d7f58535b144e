"""The tables of papers, run anew: ours beside what was printed, and whether each conclusion holds."""
