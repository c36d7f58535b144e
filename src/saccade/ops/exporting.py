"""Whether a network runs, or a graph of it is drawn, in which no size may depend on values."""

import torch


def exporting() -> bool:
    """Whether a graph is being drawn, by `torch.export` or by `torch.jit.trace`."""
    return torch.compiler.is_exporting() or torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
