"""Colours of figures and pages, on paper."""

# Okabe and Ito's palette, its orange and its sky blue darker so that a curve is at 3 to 1 on white; a line style goes with each.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B97F00", "#3796CF", "#000000", "#8C6D31")
INK, SOFT, FAINT, ALARM, SHADE, PAPER = "#1b1f24", "#57606a", "#d0d7de", "#b3261e", "#eef1f4", "#ffffff"
NAMED = {"ink": INK, "soft": SOFT, "faint": FAINT, "alarm": ALARM, "shade": SHADE, "paper": PAPER}
