from django.apps import AppConfig


class RcpConfig(AppConfig):
    name = "rcp"
    verbose_name = "RCP"

    def ready(self) -> None:
        from coordination.counters import Filter, add_filter
        from pathways import panels
        from rcp import reactions  # noqa: F401
        from rcp.perms import works_for_meetings
        from rcp.querysets import discussed_soon

        panels.register("RCP", "rcp:panel", order=20, allowed=lambda user, pathway: works_for_meetings(user))
        add_filter(Filter("rcp", "RCP sous 2 jours", discussed_soon, tone="info", icon="users-group"))
