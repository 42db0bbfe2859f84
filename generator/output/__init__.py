"""Pages in, files out: the cache, the shell, write-if-changed, the search index, the swap."""
