"""JSON, XML, YAML, CSV, text and MATLAB files, parsed with limits."""
