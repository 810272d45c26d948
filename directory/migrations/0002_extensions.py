"""PostgreSQL extensions: exclusion constraints, fuzzy names, accents. None needs ICU or a superuser beyond these."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]

    operations = [BtreeGistExtension(), TrigramExtension(), UnaccentExtension()]
