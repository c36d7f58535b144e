"""Systems that find joints: pose."""
