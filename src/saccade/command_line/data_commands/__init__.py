"""The verbs of ``saccade data``."""
