"""The nouns of the data: annotation, masks, sample, batch, frame, input spec, level. No networks here."""
