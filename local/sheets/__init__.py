"""A stand-in for Google Sheets and Drive: an HTTP server that speaks the parts of their APIs that Muster uses.

Requests and answers are checked against Google's discovery documents, so what works here is well formed for Google too.
What Google knows but the stand-in does not is answered with 501, never with success. README.md says what is stored
without any effect.
"""

from .drive import Drive
from .errors import ApiError
from .person import Person
from .server import SheetsServer
from .traffic import Fault, Quota, RecordedRequest

__all__ = ["ApiError", "Drive", "Fault", "Person", "Quota", "RecordedRequest", "SheetsServer"]
