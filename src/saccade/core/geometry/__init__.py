"""Maps of pixel coordinates, and the kernels by which every kind of annotation follows them."""
