"""All formats that the package datumaro reads and this one does not."""
