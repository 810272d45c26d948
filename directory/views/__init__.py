from directory.views.access import accesses, review
from directory.views.home import no_role
from directory.views.post import message, post

__all__ = ["accesses", "message", "no_role", "post", "review"]
