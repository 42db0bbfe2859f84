"""Model in, model out: what one value says about another. Pure."""
