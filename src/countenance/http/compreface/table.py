"""CompreFace's routes, in one table: what is not here is not served."""

from __future__ import annotations

from countenance.http.compreface import comparing, examples, people
from countenance.http.compreface.asked import Adding, Asked, Listing, Looking, Named, Recognising
from countenance.http.route import Route

PREFIX = "/api/v1"
_RECOGNITION = f"{PREFIX}/recognition"
_ANYBODY = ("controller", "operator", "officer")
_ANNA = {"image_id": "00000000-0000-8000-8000-00000000002a", "subject": "Anna"}
_FACE = {"box": {"probability": 0.93, "x_max": 508, "y_max": 276, "x_min": 412, "y_min": 180}}
_ALIKE = {"similarity": 0.86, "score": 0.71, "scale": "cosine", "band": "high"}

ROUTES = (
    Route(
        "GET", f"{_RECOGNITION}/subjects", "read-records", _ANYBODY, people.subjects, "List the people.",
        {"subjects": ["Anna"]}, query=Asked,
    ),
    Route(
        "POST", f"{_RECOGNITION}/subjects", "record", ("controller",), people.add_subject, "Record a person.",
        {"subject": "Anna"}, takes="json", fields=Named, query=Asked, status=201,
    ),
    Route(
        "DELETE", f"{_RECOGNITION}/subjects", "erase", ("officer",), people.delete_subjects, "Erase all people.",
        {"deleted": 1}, query=Asked,
    ),
    Route(
        "PUT", f"{_RECOGNITION}/subjects/{{subject:path}}", "record", ("controller", "officer"),
        people.rename_subject, "Call a person otherwise.", {"updated": True}, takes="json", fields=Named, query=Asked,
    ),
    Route(
        "DELETE", f"{_RECOGNITION}/subjects/{{subject:path}}", "erase", ("officer",), people.delete_subject,
        "Erase a person.", {"subject": "Anna"}, query=Asked,
    ),
    Route(
        "GET", f"{_RECOGNITION}/faces", "read-records", _ANYBODY, examples.examples, "List the examples.",
        {"faces": [_ANNA], "page_number": 0, "page_size": 20, "total_pages": 1, "total_elements": 1}, query=Listing,
    ),
    Route(
        "POST", f"{_RECOGNITION}/faces", "enrol", ("operator",), examples.add_example, "Add an example of a person.",
        _ANNA, takes="form", fields=Asked, files=("file",), query=Adding, status=201,
    ),
    Route(
        "DELETE", f"{_RECOGNITION}/faces", "erase", ("officer",), examples.delete_examples,
        "Erase all examples of a person.", {"deleted": 1}, query=Named,
    ),
    Route(
        "DELETE", f"{_RECOGNITION}/faces/{{image_id}}", "erase", ("officer",), examples.delete_example,
        "Erase one example.", _ANNA, query=Asked,
    ),
    Route(
        "POST", f"{_RECOGNITION}/faces/{{image_id}}/verify", "verify", ("operator",), comparing.verify_example,
        "Compare a face with one example.", {"result": [_FACE | _ALIKE]}, takes="form", fields=Asked,
        files=("file",), query=Looking, compares=True,
    ),
    Route(
        "POST", f"{_RECOGNITION}/recognize", "search", ("operator",), comparing.recognize,
        "Find who resembles the faces in a photo.", {"result": [_FACE | {"subjects": [{"subject": "Anna"} | _ALIKE]}]},
        takes="form", fields=Asked, files=("file",), query=Recognising, compares=True,
    ),
    Route(
        "POST", f"{PREFIX}/detection/detect", "detect", ("operator",), comparing.detect, "Find the faces in a photo.",
        {"result": [_FACE]}, takes="form", fields=Asked, files=("file",), query=Looking, compares=True,
    ),
    Route(
        "POST", f"{PREFIX}/verification/verify", "verify", ("operator",), comparing.verify, "Compare two faces.",
        {"result": [{"source_image_face": _FACE, "face_matches": [_FACE | _ALIKE]}]}, takes="form", fields=Asked,
        files=("source_image", "target_image"), query=Looking, compares=True,
    ),
)  # fmt: skip
