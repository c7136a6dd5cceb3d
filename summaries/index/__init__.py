"""The index on disk: shards, blobs, postings, the routing map, and who may write them."""
