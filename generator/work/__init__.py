"""What is dear and never changes: worked out once, in parallel processes, and kept in the cache."""
