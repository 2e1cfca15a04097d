"""The studio: a problem file with its graphs live under the hand."""
