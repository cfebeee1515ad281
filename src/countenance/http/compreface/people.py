"""Subjects: recorded with a basis from the key's form, each pending until somebody confirms it."""

from __future__ import annotations

from countenance.errors import InputError
from countenance.http.compreface.asked import Named
from countenance.http.compreface.errors import PARAMETER_MISSING, missing
from countenance.http.route import Answer, Call

REASON = "request"
"""Why what a program deletes is erased: it was asked for."""


def subjects(call: Call) -> Answer:
    """The names of everybody whom CompreFace's clients recorded."""
    return Answer({"subjects": [each.name for each in call.club.names.list()]})


def add_subject(call: Call) -> Answer:
    """Record a person without a photo, with a pending basis."""
    name = named(call.fields)
    call.club.forms.mine()
    subject = call.club.names.add(name)
    call.club.forms.basis(subject)
    return Answer({"subject": subject.name})


def rename_subject(call: Call) -> Answer:
    """Call a person otherwise; two people are never made one."""
    call.club.names.rename(call.params["subject"], named(call.fields))
    return Answer({"updated": True})


def delete_subject(call: Call) -> Answer:
    """Erase a person, with a certificate."""
    subject = call.club.names.get(call.params["subject"])
    certified = call.club.erase(subject, reason=REASON)
    return Answer({"subject": subject.name, "certificate": certified.certificate})


def delete_subjects(call: Call) -> Answer:
    """Erase everybody whom CompreFace's clients recorded, with one certificate."""
    people = call.club.names.list()
    told: dict[str, object] = {"deleted": len(people)}
    if people:
        told["certificate"] = call.club.erase_group(people, reason=REASON).certificate
    return Answer(told)


def named(asked: Named) -> str:
    """The name that was sent. Raises `Turned`, `InputError`."""
    if not asked.subject.strip():
        raise missing("Required parameter 'subject' is not present or empty.", PARAMETER_MISSING)
    if len(asked.subject) > 200:
        raise InputError("A subject's name has at most 200 characters.")
    return asked.subject.strip()
