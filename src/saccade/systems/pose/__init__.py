"""Systems that find joints: of the one person that a picture shows, or of every object."""
