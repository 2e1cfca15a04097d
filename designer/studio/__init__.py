"""The studio: a problem file edited beside its live graphs."""
