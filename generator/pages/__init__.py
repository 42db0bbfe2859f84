"""Model in, pages out. Pure; one file a subject."""
