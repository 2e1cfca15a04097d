"""From the problem's words to arrays on the grid: curves, bands, masks, windows, points to reach and to cancel."""
