"""Systems that find the joints of the one person that a picture shows."""
