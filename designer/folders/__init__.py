"""A design folder, written whole or not at all, and read back: every file that is opened is checked, and used whole or refused.

| file | what |
|---|---|
| write | the folder as a whole, with the page, the figures, the exports, and copies of the data |
| read | from the folder to what a `Design` is made of |
| summary | `summary.json` |
| stored | the typed model of what a design is opened from |
| superseded | what the next design removes, and what makes it again |
| tables | `coefficients.csv`, `weights.csv` and `sections.csv` |
| room | the folder `room/` |
"""
