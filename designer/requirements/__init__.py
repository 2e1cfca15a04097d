"""From the problem's words to arrays on the grid: curves, bands, masks, windows, bright and dark points."""
