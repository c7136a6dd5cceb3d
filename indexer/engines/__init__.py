"""Who runs the indexing jobs: processes of this machine or a Dask cluster."""
