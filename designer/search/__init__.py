"""Many designs of one problem file: `designer sweep`.

| file | what |
|---|---|
| sweep_mirror | the mirror image of a key of `--vary` |
| sweep_values | the values of a key: lists, ranges, intervals |
| sweep_plan | the points, in order, each named by its content |
| sweep_point | one point designed, and many in processes of this machine |
| sweep_cluster | many points on a Dask cluster |
| sweep_store | `sweep.sqlite` and `sweep.csv`: a row a point |
| sweep_best | the best point, its trade-off, and its problem file |
"""
