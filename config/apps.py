from django.apps import AppConfig


class ConfigApp(AppConfig):
    """The top room: its only installed part is the commands of the demo."""

    name = "config"
    verbose_name = "Démonstration"
