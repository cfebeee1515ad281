"""What a program does with compreface-sdk. Run by the SDK's own Python: it imports nothing of ours.

Arguments: the part, the server's domain and port, the key, the folder with photos. Writes what it was answered as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from compreface import CompreFace
from compreface.collections import FaceCollection
from compreface.collections.face_collections import Subjects

part, domain, port, key, folder = sys.argv[1:]
photos = Path(folder)
client = CompreFace(domain, port, {"limit": 0, "det_prob_threshold": 0.8, "prediction_count": 1, "status": True})
recognition = client.init_face_recognition(key)
faces: FaceCollection = recognition.get_face_collection()
subjects: Subjects = recognition.get_subjects()
people = sorted(each.stem.partition("-")[0] for each in photos.glob("*-0.jpg"))
said: dict = {}

if part == "add":
    said["added"] = [subjects.add(f"{name} of the cast") for name in people[:2]]
    said["again"] = subjects.add(f"{people[0]} of the cast")
    said["examples"] = [faces.add(str(photos / f"{name}-0.jpg"), f"{name} of the cast") for name in people]
    said["bytes"] = faces.add((photos / f"{people[0]}-1.jpg").read_bytes(), f"{people[0]} of the cast")
    said["several"] = faces.add(str(photos / "group.jpg"), "Somebody new")
    said["none"] = faces.add(str(photos / "nobody.jpg"), "Somebody new")
    said["listed"], said["subjects"] = faces.list(), subjects.list()
    said["pending"] = recognition.recognize(str(photos / f"{people[0]}-2.jpg"))

if part == "use":
    examples = {each["image_id"]: each["subject"] for each in faces.list()["faces"]}
    first = next(iter(examples))
    said["recognized"] = recognition.recognize(str(photos / f"{people[0]}-2.jpg"))
    said["party"] = recognition.recognize(
        str(photos / "group.jpg"),
        {"limit": 0, "prediction_count": 2, "face_plugins": "age,gender,calculator,landmarks", "status": True},
    )
    said["verified"] = faces.verify(str(photos / f"{people[0]}-2.jpg"), first)
    detection, verification = client.init_face_detection(key), client.init_face_verification(key)
    said["detected"] = detection.detect(str(photos / "group.jpg"), {"limit": 2, "face_plugins": "landmarks"})
    said["same"] = verification.verify(str(photos / f"{people[0]}-0.jpg"), str(photos / f"{people[0]}-1.jpg"))
    said["other"] = verification.verify(str(photos / f"{people[0]}-0.jpg"), str(photos / "group.jpg"))
    said["renamed"] = subjects.update(f"{people[1]} of the cast", "A new name")
    said["found"] = recognition.recognize(str(photos / f"{people[1]}-0.jpg"))
    said["one"] = faces.delete(first)
    said["all"] = faces.delete_all("A new name")
    said["gone"] = recognition.recognize(str(photos / f"{people[1]}-0.jpg"))
    said["deleted"] = subjects.delete(f"{people[0]} of the cast")
    said["absent"] = subjects.delete(f"{people[0]} of the cast")
    said["everybody"] = subjects.delete_all()
    said["nobody"] = subjects.list()

sys.stdout.write(json.dumps(said))
