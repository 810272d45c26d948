"""Papers of the desk, printed by WeasyPrint; only workers import them."""
