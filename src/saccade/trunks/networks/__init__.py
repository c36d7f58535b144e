"""The trunks, one family of networks a file."""
