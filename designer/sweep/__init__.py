"""Many designs of one problem file: what varies, the points, who computes them, what is kept of each, and which is best."""
