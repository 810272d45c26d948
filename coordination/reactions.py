"""Reactions to what happens in the rooms below."""
