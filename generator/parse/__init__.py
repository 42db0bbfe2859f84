"""Text in, model out. Pure; one file a format."""
