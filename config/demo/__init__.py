"""The demo hospital: a fictitious centre and its town, lived day by day through the services (see docs/demo.md)."""
