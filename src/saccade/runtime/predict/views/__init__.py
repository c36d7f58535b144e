"""A picture shown in several views (scales, mirror images, tiles), and how what is said of them becomes one."""
