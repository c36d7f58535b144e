"""What can be drawn of convolutions; read where torch is not loaded."""

TOPICS = {
    "convolution": "a window over a map: no padding, padding, stride, dilation",
    "transposed": "the same backwards: no padding, padding, stride, stride with padding, without overlap",
    "remainder": "an input whose size does not divide by the stride: what no window reads, and the way back",
    "unpooling": "max-unpooling beside bilinear and nearest upsampling",
    "pooling": "the four ways to pool a window: maximum, average, L2 norm, LeNet's subsampling",
    "bilinear": "FCN's fixed kernels, which interpolate",
    "regions": "a region laid over a map and pooled to cells: by maximum, by samples",
}
EVERYTHING = "all"
