"""MPII and FLIC: persons with joints."""
