"""The story of one patient, told in scenes: each is one person in front of one browser, at one instant."""
