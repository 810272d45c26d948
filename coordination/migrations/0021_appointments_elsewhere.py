from django.db import migrations

# Only appointments on another clock than their file's: without a time zone, an hour is read on that one.
FILL = """
UPDATE pathways_appointment AS visit SET time_zone = there.time_zone
FROM (
    SELECT booking.uuid AS origin, slot.platform_id AS platform
    FROM coordination_booking AS booking JOIN coordination_slot AS slot ON slot.id = booking.slot_id
    UNION ALL SELECT uuid, addressed_to_id FROM coordination_examrequest
) AS made
JOIN directory_team AS platform ON platform.id = made.platform
JOIN directory_establishment AS there ON there.id = platform.establishment_id,
pathways_pathway AS pathway
JOIN directory_team AS team ON team.id = pathway.team_id
JOIN directory_establishment AS home ON home.id = team.establishment_id
WHERE visit.origin = made.origin AND pathway.id = visit.pathway_id AND there.time_zone <> home.time_zone
"""


class Migration(migrations.Migration):

    dependencies = [
        ('coordination', '0020_slot_made_at'),
        ('pathways', '0010_appointment_time_zone'),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True)]
