"""The `./jalon` command: makes the environment, runs the services, starts the application.

Standard library only: it runs before any dependency is installed.
"""
