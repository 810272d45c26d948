from django.apps import AppConfig


class RcpConfig(AppConfig):
    name = "rcp"
    verbose_name = "RCP"

    def ready(self) -> None:
        from rcp import reactions  # noqa: F401
