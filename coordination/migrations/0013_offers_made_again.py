from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('coordination', '0012_requests_of_places'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='waitingoffer',
            name='waiting_offer_once',
        ),
        migrations.AlterField(
            model_name='waitingoffer',
            name='answer',
            field=models.CharField(choices=[('open', 'À proposer'), ('accepted', 'Acceptée'), ('declined', 'Refusée'), ('lapsed', 'Sans suite'), ('taken', 'Place prise entre-temps')], default='open', max_length=10, verbose_name='réponse'),
        ),
        migrations.AlterField(
            model_name='waitingofferhistory',
            name='answer',
            field=models.CharField(choices=[('open', 'À proposer'), ('accepted', 'Acceptée'), ('declined', 'Refusée'), ('lapsed', 'Sans suite'), ('taken', 'Place prise entre-temps')], default='open', max_length=10, verbose_name='réponse'),
        ),
        migrations.AddConstraint(
            model_name='waitingoffer',
            constraint=models.UniqueConstraint(condition=models.Q(('answer', 'taken'), _negated=True), fields=('place', 'slot'), name='waiting_offer_once'),
        ),
    ]
