import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('coordination', '0010_laboratory'),
        ('pathways', '0008_second_primaries'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='examrequest',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='examrequest',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='examrequest',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='examrequest',
            name='evidence',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pathways.milestone'),
        ),
        migrations.AddField(
            model_name='examrequest',
            name='known_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='date connue du patient'),
        ),
        migrations.AddField(
            model_name='examrequest',
            name='to_tell_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='patient à prévenir depuis'),
        ),
        migrations.AddField(
            model_name='examrequesthistory',
            name='evidence',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='pathways.milestone'),
        ),
        migrations.AddField(
            model_name='examrequesthistory',
            name='known_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='date connue du patient'),
        ),
        migrations.AddField(
            model_name='examrequesthistory',
            name='to_tell_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='patient à prévenir depuis'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='examrequest',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "coordination_examrequesthistory" ("addressed_to_id", "answered_at", "answered_by_id", "asked_at", "asked_by_id", "evidence_id", "exam_type_id", "id", "known_at", "mode", "pathway_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "promised_at", "proposed_at", "question", "reason", "request_key", "status", "step_key", "to_tell_since", "told_at", "told_by_id", "told_how", "urgent", "uuid", "within") VALUES (NEW."addressed_to_id", NEW."answered_at", NEW."answered_by_id", NEW."asked_at", NEW."asked_by_id", NEW."evidence_id", NEW."exam_type_id", NEW."id", NEW."known_at", NEW."mode", NEW."pathway_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."place", NEW."promised_at", NEW."proposed_at", NEW."question", NEW."reason", NEW."request_key", NEW."status", NEW."step_key", NEW."to_tell_since", NEW."told_at", NEW."told_by_id", NEW."told_how", NEW."urgent", NEW."uuid", NEW."within"); RETURN NULL;', hash='ce678377a686e0bb90ff3ad1a0065d79b0701879', operation='INSERT', pgid='pgtrigger_insert_insert_93ab8', table='coordination_examrequest', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='examrequest',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "coordination_examrequesthistory" ("addressed_to_id", "answered_at", "answered_by_id", "asked_at", "asked_by_id", "evidence_id", "exam_type_id", "id", "known_at", "mode", "pathway_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "promised_at", "proposed_at", "question", "reason", "request_key", "status", "step_key", "to_tell_since", "told_at", "told_by_id", "told_how", "urgent", "uuid", "within") VALUES (NEW."addressed_to_id", NEW."answered_at", NEW."answered_by_id", NEW."asked_at", NEW."asked_by_id", NEW."evidence_id", NEW."exam_type_id", NEW."id", NEW."known_at", NEW."mode", NEW."pathway_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."place", NEW."promised_at", NEW."proposed_at", NEW."question", NEW."reason", NEW."request_key", NEW."status", NEW."step_key", NEW."to_tell_since", NEW."told_at", NEW."told_by_id", NEW."told_how", NEW."urgent", NEW."uuid", NEW."within"); RETURN NULL;', hash='e9111e98ecc359d97cf4d98120bfb5049ff00c47', operation='UPDATE', pgid='pgtrigger_update_update_08528', table='coordination_examrequest', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='examrequest',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "coordination_examrequesthistory" ("addressed_to_id", "answered_at", "answered_by_id", "asked_at", "asked_by_id", "evidence_id", "exam_type_id", "id", "known_at", "mode", "pathway_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "promised_at", "proposed_at", "question", "reason", "request_key", "status", "step_key", "to_tell_since", "told_at", "told_by_id", "told_how", "urgent", "uuid", "within") VALUES (OLD."addressed_to_id", OLD."answered_at", OLD."answered_by_id", OLD."asked_at", OLD."asked_by_id", OLD."evidence_id", OLD."exam_type_id", OLD."id", OLD."known_at", OLD."mode", OLD."pathway_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."place", OLD."promised_at", OLD."proposed_at", OLD."question", OLD."reason", OLD."request_key", OLD."status", OLD."step_key", OLD."to_tell_since", OLD."told_at", OLD."told_by_id", OLD."told_how", OLD."urgent", OLD."uuid", OLD."within"); RETURN NULL;', hash='c4aaf09522fd0a837393e2191d7d0e0c39e6f6b1', operation='DELETE', pgid='pgtrigger_delete_delete_15b18', table='coordination_examrequest', when='AFTER')),
        ),
    ]
