"""Pictures, arrays and videos, decoded with limits."""
