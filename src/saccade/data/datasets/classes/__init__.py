"""Data sets under other classes: chosen, renamed, joined, layered, painted, told by a teacher."""
