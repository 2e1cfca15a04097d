"""Commands as functions, one a file: they take problems, designs or paths, return what is computed, and write where a place is given."""
