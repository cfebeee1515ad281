"""The configuration: ``countenance.toml`` and the environment, read into one frozen object that is passed by hand.

An environment variable such as ``COUNTENANCE_INDEX__ENGINE=exact`` overrides the file's ``[index] engine``.
"""

from __future__ import annotations

from countenance.config.finding import (
    IndexSection,
    IngestSection,
    MilvusSection,
    RaySection,
    SearchSection,
    VisionSection,
)
from countenance.config.outside import (
    HttpSection,
    MailSection,
    MailServerSection,
    OidcSection,
    TimestampSection,
    WitnessSection,
)
from countenance.config.reading import FILE_NAME, load
from countenance.config.records import GallerySection, KeysSection, PhotosSection, RegistrySection, S3Section
from countenance.config.section import Section
from countenance.config.settings import Settings
from countenance.config.writing import set_values

__all__ = [
    "FILE_NAME",
    "GallerySection",
    "HttpSection",
    "IndexSection",
    "IngestSection",
    "KeysSection",
    "MailSection",
    "MailServerSection",
    "MilvusSection",
    "OidcSection",
    "PhotosSection",
    "RaySection",
    "RegistrySection",
    "S3Section",
    "SearchSection",
    "Section",
    "Settings",
    "TimestampSection",
    "VisionSection",
    "WitnessSection",
    "load",
    "set_values",
]
