"""Pictures of how convolutions, transposed ones and other ways to grow go over a map, made by running the layers."""
