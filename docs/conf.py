"""Settings of Sphinx for the book; `python docs/build.py` runs it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import designer  # noqa: E402 # of the environment that builds

project = "Loudspeaker filter designer"
author = "The loudspeaker-filter-designer authors"
version = release = designer.__version__


extensions = [
    "myst_nb",  # Markdown, and pages whose code runs
    "sphinx.ext.autodoc",
    "numpydoc",
    "book.pages",  # those that are made of registries
    "book.mathml",
    "book.shell_cells",
]
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types in docstrings are words; links between pages are checked

myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence", "attrs_inline"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

UNEXECUTED = os.environ.get("DESIGNER_BOOK") == "unexecuted"
nb_execution_mode = "off" if UNEXECUTED else "cache"
suppress_warnings = ["myst-nb.lexer"] if UNEXECUTED else []  # the kernel names it
nb_execution_cache_path = os.environ.get("DESIGNER_BOOK_CACHE", str(HERE / "_build" / "cells"))
nb_execution_in_temp = True
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

autodoc_typehints = "none"  # the docstrings have them
numpydoc_show_class_members = False
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_title = f"{project} {version}"
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {
    "logo": {"text": project},
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": True,
    "show_nav_level": 1,
    "search_bar_text": "Search the book",
}
