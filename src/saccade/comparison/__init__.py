"""Several systems on one data set under one budget, and which of them to take."""
