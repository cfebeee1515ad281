"""Examples: the enrolled faces of people. No photo of them is kept, so none can be downloaded again."""

from __future__ import annotations

import hashlib

from countenance.errors import AlreadyExists, ManyFaces, NoFace, QualityTooLow
from countenance.http.compreface.asked import Adding, Listing
from countenance.http.compreface.people import REASON, named
from countenance.http.compreface.telling import image_id, reference_of, sent
from countenance.http.route import Answer, Call


def add_example(call: Call) -> Answer:
    """Enrol a person from a photo of them alone, recording them first if they are new."""
    asked: Adding = call.query
    name, photo, club = named(asked), sent(call), call.club
    club.forms.mine()
    subject = club.names.find(name)
    face = _only(call, photo, asked.det_prob_threshold or 0) if subject is None or asked.det_prob_threshold else None
    subject = subject or club.names.add(name)
    digest = hashlib.sha256(photo).hexdigest()
    try:
        if club.examples.of_photo(subject, digest) is None:
            club.enrol(subject, photo, basis=club.forms.basis(subject), face=face)
    except AlreadyExists:
        pass  # another request was faster with the same photo
    made = club.examples.of_photo(subject, digest)
    return Answer({"image_id": image_id(made.reference if made else 0), "subject": subject.name})


def examples(call: Call) -> Answer:
    """A page of the examples of everybody, or of one person."""
    asked: Listing = call.query
    only = call.club.names.get(asked.subject) if asked.subject else None
    total = call.club.examples.count(only)
    page = call.club.examples.list(only, start=asked.page * asked.size, many=asked.size)
    told = [{"image_id": image_id(each.reference), "subject": each.subject.name} for each in page]
    pages = -(-total // asked.size)
    numbers = {"page_number": asked.page, "page_size": asked.size, "total_pages": pages, "total_elements": total}
    return Answer({"faces": told} | numbers)


def delete_example(call: Call) -> Answer:
    """Erase one example with its basis and a certificate; the person stays on record."""
    example = call.club.examples.get(reference_of(call.params["image_id"]))
    certified = call.club.examples.erase([example], REASON)
    told = {"image_id": image_id(example.reference), "subject": example.subject.name}
    return Answer(told | {"certificate": certified.certificate})


def delete_examples(call: Call) -> Answer:
    """Erase all examples of one person; the person stays on record."""
    subject = call.club.names.get(named(call.query))
    every = call.club.examples.list(subject)
    told: dict[str, object] = {"deleted": len(every)}
    if every:
        told["certificate"] = call.club.examples.erase(every, REASON).certificate
    return Answer(told)


def _only(call: Call, photo: bytes, threshold: float) -> int:
    """The number of the one face that is sure enough, so that nobody is recorded for a photo that cannot serve."""
    every = call.club.detect(photo).faces
    sure = [number for number, each in enumerate(every, 1) if each.score >= threshold]
    if not sure:
        raise NoFace("No face is found in the given image.")
    if len(sure) > 1:
        raise ManyFaces("There is more than one face in the given image.", hint="Send a photo of this person alone.")
    reasons = every[sure[0] - 1].quality.reasons
    if reasons:
        raise QualityTooLow(f"The face is too poor to be relied on: {', '.join(reasons)}.", reasons=tuple(reasons))
    return sure[0]
