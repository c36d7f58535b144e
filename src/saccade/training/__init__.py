"""From a system and labelled pictures to a trained, measured and reported model."""
