"""From pictures to predictions."""
