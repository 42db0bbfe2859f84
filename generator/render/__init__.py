"""Model in, HTML fragments out. Pure; all text passes `render.escape`."""
