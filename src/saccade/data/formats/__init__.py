"""The formats of data sets, one room each: a reader, and a writer where we write it."""
