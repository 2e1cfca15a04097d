"""The book's own parts: extensions of Sphinx, and the pages that are made of the package's registries."""
