"""Settings of the worker of the browser tests: the database of the run, and a queue of its own."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["E2E_DATABASE"]
CELERY_TASK_DEFAULT_QUEUE = os.environ["E2E_QUEUE"]
