from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "directory"
    verbose_name = "Annuaire"

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator
        from allauth.mfa.signals import authenticator_added, authenticator_used
        from django.db.models.signals import post_delete

        from directory.second_factor import note_loss, note_set_up, note_use

        authenticator_added.connect(note_set_up, dispatch_uid="directory.set_up")
        authenticator_used.connect(note_use, dispatch_uid="directory.use")
        post_delete.connect(note_loss, sender=Authenticator, dispatch_uid="directory.loss")
