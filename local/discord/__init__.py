"""A stand-in for Discord: its webhooks and commands over HTTP, and its channels as a page. See README.md.

It imports nothing of Muster, and only Werkzeug, MarkupSafe, requests and cryptography from elsewhere.
"""

from .interactions import CannotVerify
from .limits import Limits, Window
from .server import DiscordServer
from .state import CannotRead
from .traffic import Fault

__all__ = ["CannotRead", "CannotVerify", "DiscordServer", "Fault", "Limits", "Window"]
