"""Pascal VOC: an XML file a picture, PNGs for pixels; and PASCAL-Context."""
