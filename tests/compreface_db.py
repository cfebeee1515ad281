"""A database laid out as CompreFace's own migrations lay theirs out, with synthetic people, and with faults."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from servers import OWNER, Server

LAYOUT = """
CREATE TABLE app (id bigint PRIMARY KEY, name varchar(50) NOT NULL, guid varchar(36) NOT NULL, api_key varchar(36));
CREATE TABLE model (
    id bigint PRIMARY KEY, name varchar(255) NOT NULL, guid varchar(36) NOT NULL,
    app_id bigint NOT NULL REFERENCES app (id), api_key varchar(36) NOT NULL UNIQUE, type varchar(50),
    created_date timestamp
);
CREATE TABLE subject (
    id uuid PRIMARY KEY, api_key varchar(36), subject_name varchar(255), UNIQUE (api_key, subject_name)
);
CREATE TABLE img (id uuid PRIMARY KEY, content bytea NOT NULL);
CREATE TABLE embedding (
    id uuid PRIMARY KEY, subject_id uuid REFERENCES subject (id) ON DELETE CASCADE ON UPDATE CASCADE,
    embedding float8[] NOT NULL, calculator varchar(255) NOT NULL, img_id uuid REFERENCES img (id)
);
"""
KEYS = {"Door": "key-door", "Office": "key-office", "Detect": "key-detect"}


@dataclass
class CompreFaceDatabase:
    """One such database; every method writes what CompreFace, or a fault of its, would have written."""

    server: Server
    name: str

    @classmethod
    def make(cls, server: Server) -> CompreFaceDatabase:
        """An application with two recognition services and a detection service; nobody in them."""
        made = cls(server, server.empty())
        server.sql(LAYOUT, made.name, OWNER)
        made.run("INSERT INTO app VALUES (1, 'Club', 'g', 'k')")
        for number, (service, key) in enumerate(KEYS.items(), 1):
            kind = "D" if service == "Detect" else "R"
            made.run("INSERT INTO model VALUES (%s, %s, %s, 1, %s, %s)", number, service, f"g{number}", key, kind)
        return made

    @property
    def url(self) -> str:
        return self.server.url(self.name, OWNER)

    def run(self, text: str, *values: Any) -> list[Any]:
        with self.server.connect(self.name, OWNER) as connection:
            cursor = connection.execute(text, values)
            return cursor.fetchall() if cursor.description else []

    def person(self, name: str | None, *photos: bytes | None, service: str = "Door", number: int | None = None) -> str:
        """A subject with examples; None for one of which only an embedding is kept. Returns its id."""
        person = f"{uuid.UUID(int=number) if number else uuid.uuid4()}"
        self.run("INSERT INTO subject VALUES (%s, %s, %s)", person, KEYS.get(service, service), name)
        for photo in photos:
            self.example(person, photo)
        return person

    def example(self, person: str | None, photo: bytes | None) -> None:
        img = None if photo is None else f"{uuid.uuid4()}"
        if img:
            self.run("INSERT INTO img VALUES (%s, %s)", img, photo)
        self.run("INSERT INTO embedding VALUES (%s, %s, %s, 'facenet', %s)", f"{uuid.uuid4()}", person, [0.1] * 4, img)

    def forget(self, person: str) -> None:
        """Delete a subject as CompreFace does: its examples go along, its photos stay."""
        self.run("DELETE FROM subject WHERE id = %s", person)

    def everything(self) -> list[Any]:
        """All that is in it, to see that nothing was written."""
        tables = ("app", "model", "subject", "embedding", "img")
        return [self.run(f"SELECT * FROM {table} ORDER BY id") for table in tables]
