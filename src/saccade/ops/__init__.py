"""Pure functions on tensors: boxes, matching, pooling and their like. No layers here."""
