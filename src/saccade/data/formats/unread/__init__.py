"""Files of annotation tools that are known and not read: what they are, and what to do."""
