from django.apps import AppConfig


class RcpConfig(AppConfig):
    name = "rcp"
    verbose_name = "RCP"

    def ready(self) -> None:
        from pathways import panels
        from rcp import reactions  # noqa: F401
        from rcp.perms import works_for_meetings

        panels.register("RCP", "rcp:panel", order=20, allowed=lambda user, pathway: works_for_meetings(user))
