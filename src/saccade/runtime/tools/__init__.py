"""One-shot tools: a smaller copy of a run, and files of proposals."""
