"""What an account of another organisation may reach of a gallery: a closed list. All else is not there for it.

Another organisation searches under an agreement, in its own cases, and reviews what its searches have shown. It reads
no record, no log and no picture but its candidates'. Whatever is added to the surface later is closed to it as well,
until it is listed here. `countenance.service.entrance` holds it.
"""

from __future__ import annotations

OPEN = {
    "search": "under its agreement, in its own case; the desk decides",
    "verify": "under its agreement, in its own case; the desk decides",
    "detect": "in a photo that it has brought itself; nobody is compared",
    "status": "version, models and the log's checkpoint; no counts of the owner's",
    "sign_in": "opens its own key",
    "close": "gives back files",
}
"""Methods of the surface, and why each may be called."""
OPEN_PARTS: dict[str, dict[str, str]] = {
    "cases": {
        "open": "its own cases, sealed under its own key",
        "close": "its own cases",
        "list": "its own cases",
        "find": "its own cases",
        "for_search": "its own cases; an agreement in force must cover the purpose",
    },
    "agreements": {
        "list": "those that it is the party of",
        "sign": "for its own side, with its own key",
        "end": "those that it is the party of",
        "searches": "made under an agreement that it is the party of",
        "reviewed": "its own purposes that people must review",
    },
    "approvals": {
        "waiting": "the agreements that wait for its own signature",
        "sign": "agreements that it is the party of, with its own key",
    },
    "reviewing": {
        "list": "of its own searches",
        "show": "of its own searches, logged",
        "probe": "of its own searches, logged",
        "confirm": "of its own searches, with its own key",
        "reject": "of its own searches, with its own key",
        "decide": "of its own searches, with its own key",
    },
    "api_keys": {
        "create": "of its own account, with its own key",
        "list": "of its own account",
        "revoke": "of its own account",
    },
    "accounts": {"mine": "its own account and roles", "change_passphrase": "of its own key file"},
    "passkeys": {
        "list": "of its own account",
        "options": "for its own account",
        "add": "to its own account, with its own key",
        "remove": "of its own account",
    },
    "browsers": {
        "list": "of its own account",
        "end": "of its own account",
        "end_here": "of its own account",
        "directory": "of its own account",
        "leave_directory": "of its own account",
    },
    "comparing": {"faces": "under its agreement, in its own case; the desk decides each comparison"},
    "quotas": {"draw": "counts its own requests"},
    "replies": {"begin": "its own requests", "finish": "its own requests", "drop": "its own requests"},
    "pictures": {
        "of": "of candidates that its own searches have shown",
        "probe": "a photo that it has brought itself",
        "every_face": "in a photo that it has brought itself",
        "band": "what a score is called",
    },
}
"""Parts of the surface, their methods, and why each may be called."""
