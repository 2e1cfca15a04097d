"""Many designs of one problem file: `designer sweep` and `designer bank`.

| file | what |
|---|---|
| sweep_surface | drivers on a body by azimuth and height |
| sweep_variants | named variants, files of keys that are set together, and mirror images of keys |
| sweep_values | the values of a key: lists, ranges, intervals |
| sweep_plan | the points, in order, each named by its content |
| sweep_point | one point designed, and many in processes of this machine |
| sweep_cluster | many points on a Dask cluster |
| sweep_store | `sweep.sqlite` and `sweep.csv`: a row a point |
| sweep_numbers | numbers of points by the names that a user gives them, and conditions, and which point is best |
| sweep_best | the best point, its trade-off, and its problem file |
| bank | the job of a bank: the fewest sets, their proof, uniform spacing |
| bank_keys | keys of `--over`, in the grammar of `--vary` |
| bank_places | designs at places, and what filters lose there |
| bank_spacing | where sets stand |
| bank_proof | the bank, its nearest set and one design at the places of the proof |
| bank_listening, bank_walk | a head that walks, and a tracker |
| bank_folder | the bank's folder |
"""
