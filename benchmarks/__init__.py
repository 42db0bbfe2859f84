"""How fast the portal builds and how heavy its pages are, measured on whole processes."""
