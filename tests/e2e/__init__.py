"""A real browser, a real worker: what a person sees, from the outside only."""
