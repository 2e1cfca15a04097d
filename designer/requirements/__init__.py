"""From the problem's words to arrays on the grid: curves, bands, masks, windows, bright points and to cancel."""
