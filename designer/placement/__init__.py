"""Where drivers are worth their place: layouts of candidates ranked, valued and searched, and coordinates freed.

| file | what |
|---|---|
| candidates | places that drivers may be put at, in units that come and go together |
| system | transfer functions of all candidates, once |
| layouts | what a layout is worth |
| block_updates | all exchanges of one unit at once, ranked |
| exchange | greedy layouts improved by exchanges, all layouts where they are few, and layouts by group lasso |
| coordinates | places of a layout as functions of coordinates |
| column_slopes | slopes of a layout's columns of H by its coordinates |
| slopes | slopes of a layout's value |
| free_coordinates | coordinates free within the bounds |
"""
