"""The ladder of detectors: where the seconds of a picture go, rung by rung."""
