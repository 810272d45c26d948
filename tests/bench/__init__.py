"""`./jalon bench`: ratios measured in one run, against a bare equivalent under the same conditions."""
