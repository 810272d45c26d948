"""The medium and large sizes: the same hospital, its past written in bulk instead of being lived.

What the services would have done one patient at a time is written with `bulk_create`; the history triggers are set
aside meanwhile (`pgtrigger.ignore`): a history of rows nobody typed would say nothing and double the load, and no
message is written for a past nobody lived. The plan is not imitated: `rebuild_plans` computes every step with the
rules the services use, `generate_slots` makes the slots, `scan_delays` raises the alerts, and the requests that wait
this morning come in through the front door. Memory is bounded by the size of a batch and by the free places.
"""

from config.demo.bulk.load import load_bulk
from config.demo.bulk.size import LARGE, MEDIUM, Size

__all__ = ["LARGE", "MEDIUM", "Size", "load_bulk"]
