"""The application's settings with the yardstick's route added."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
