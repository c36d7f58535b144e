"""Systems that find every object of a picture and its pixels."""
