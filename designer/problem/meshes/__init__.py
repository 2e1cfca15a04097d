"""Triangle meshes of a body: read from files, checked and mended, measured, and subdivided."""
