"""Networks as graphs, which others run."""
