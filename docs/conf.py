"""How the documentation is built; nothing is fetched from a network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import saccade

project = "saccade"
author = "The saccade authors"
copyright = "the saccade authors"  # noqa: A001 (Sphinx names it so)
version = release = saccade.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "contents", "notebooks"]
exclude_patterns = ["_build", "course/runs"]
source_suffix = {".md": "myst-nb"}
myst_heading_anchors = 3

# The chapters of the course are notebooks. `make docs` shows their cells alone. `make course` says "cache": a chapter
# runs unless the same cells have run before. A cell that fails stops the build.
nb_execution_mode = "off"
nb_execution_cache_path = str(Path(__file__).parent / "_build" / "course_cache")
nb_execution_timeout = 900  # seconds a cell
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
# Torch's own words on modules would fill the pages of systems and heads.
autodoc_inherit_docstrings = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"saccade {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_theme_options = {"navigation_with_keys": True}
