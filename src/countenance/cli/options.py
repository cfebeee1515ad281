"""Parameters that several commands share, so that one word means one thing everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SubjectName = Annotated[str, typer.Argument(metavar="SUBJECT", help="The person's handle, as `subject list` shows it.")]
Purposes = Annotated[
    list[str] | None,
    typer.Option(
        "--purposes",
        "--purpose",
        metavar="P",
        help="What for: one or more of photo-library, find-my-photos, visitor-check-in; commas or several times.",
    ),
]
Purpose = Annotated[
    str | None,
    typer.Option("--purpose", metavar="P", help="Why you ask, from the closed list; a search always says it."),
]
Case = Annotated[
    str | None,
    typer.Option("--case", metavar="REF", help="The case that this belongs to; a new reference opens one."),
]
Territory = Annotated[
    str,
    typer.Option(
        "--territory", metavar="CODE", help="Where the person lives: GB, DE, US-IL … or unknown. Never guessed."
    ),
]
Evidence = Annotated[
    Path | None,
    typer.Option("--evidence", metavar="FILE", help="The signed form, or a scan. Only its SHA-256 is kept."),
]
NoticeName = Annotated[
    str | None, typer.Option("--notice", metavar="NAME", help="The notice that the person was given (`notice add`).")
]
Ground = Annotated[str, typer.Option("--ground", metavar="G", help="The GDPR Art 6 ground.")]
Condition = Annotated[str, typer.Option("--condition", metavar="C", help="The GDPR Art 9 condition.")]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="DAY", help="The last day, such as 2027-11-22; as long as allowed when left out."),
]
Collective = Annotated[
    bool, typer.Option("--collective", help="The evidence is one form for many people (needed from 31 people on).")
]
Face = Annotated[
    int | None, typer.Option("--face", min=1, metavar="N", help="Which face, when there are several; 1 is the largest.")
]
Gate = Annotated[
    str | None,
    typer.Option("--gate", metavar="LEVEL", help="Ask for a better picture than configured: strict. Never for less."),
]
Engine = Annotated[
    str | None,
    typer.Option("--engine", metavar="local|ray", help="This machine, or a cluster; as configured if left out."),
]
Events = Annotated[bool, typer.Option("--events", help="Print progress as JSON lines; the last one is the report.")]
ReportPage = Annotated[
    Path | None,
    typer.Option("--page", metavar="FILE.html", help="Write the report as a page too; no photograph is on it."),
]
