"""Recurrent sweeps over maps."""
