"""Memory of a process that works for long on maps of the same sizes."""

import ctypes

# Options of glibc's mallopt: malloc.h, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD. Of greater values the training of a Mask
# R-CNN held a twentieth more memory, since holes between large blocks stay, and gained no time.
GLIBC_MMAP_THRESHOLD, GLIBC_TRIM_THRESHOLD = (-3, 16 * 2**20), (-1, 512 * 2**20)


def hold_memory() -> None:
    """Let this process keep the memory that it has freed, where the C library is glibc.

    By default large blocks go back to the system when they are freed, and every step or picture asks for all its maps
    anew: learning with ResNet-50 a hundred thousand page faults and .2 s of the system's time a step, in use a U-Net on
    EfficientNet-Lite0 a fifth of the processor's time. Blocks above the first threshold still go back.
    """
    try:
        library = ctypes.CDLL(None)
        for option, value in (GLIBC_MMAP_THRESHOLD, GLIBC_TRIM_THRESHOLD):
            library.mallopt(option, value)
    except (AttributeError, OSError):  # another C library has no such switch
        return
