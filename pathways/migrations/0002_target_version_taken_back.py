from django.db import migrations


class Migration(migrations.Migration):
    """A target pathway may return to the content of an older version."""

    dependencies = [("pathways", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="targetpathwayversion", name="target_version_content_unique"),
    ]
