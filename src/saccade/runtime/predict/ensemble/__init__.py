"""Several networks whose predictions about a picture become one."""
