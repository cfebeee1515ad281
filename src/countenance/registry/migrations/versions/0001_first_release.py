"""The records of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "leaves",
        sa.Column("index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_leaves")),
    )
    op.create_table(
        "log_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("frontier", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_state")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("name", name=op.f("uq_organisations_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_accounts_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("public_key", name=op.f("uq_accounts_public_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_organisation"), ["organisation"], unique=False)

    op.create_table(
        "agreements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("party", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purposes", sa.BigInteger(), nullable=False),
        sa.Column("territories", sa.Text(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("dpia", sa.Text(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_agreements_organisation")),
        sa.ForeignKeyConstraint(["party"], ["organisations.id"], name=op.f("fk_agreements_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("agreements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agreements_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_agreements_party"), ["party"], unique=False)

    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_notices_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("organisation", "name", name=op.f("uq_notices_organisation_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_organisation"), ["organisation"], unique=False)

    op.create_table(
        "openings",
        sa.Column("index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["index"], ["leaves.index"], name=op.f("fk_openings_index")),
        sa.PrimaryKeyConstraint("index", "key", name=op.f("pk_openings")),
    )
    with op.batch_alter_table("openings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_openings_key"), ["key"], unique=False)

    op.create_table(
        "sources",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("territory", sa.Text(), nullable=False),
        sa.Column("purposes", sa.BigInteger(), nullable=False),
        sa.Column("unknown_faces", sa.String(length=16), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ingested", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused', 'stopped')", name=op.f("ck_sources_state")),
        sa.CheckConstraint("unknown_faces IN ('forget', 'keep')", name=op.f("ck_sources_unknown_faces")),
        sa.CheckConstraint("retention_days > 0", name=op.f("ck_sources_retention")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_sources_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("organisation", "name", name=op.f("uq_sources_organisation_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sources_organisation"), ["organisation"], unique=False)

    op.create_table(
        "subjects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handle_hash", sa.Text(), nullable=False),
        sa.Column("handle_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("contact_hash", sa.Text(), nullable=True),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("territory", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_interaction", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'withdrawn', 'erasing', 'erased')", name=op.f("ck_subjects_state")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_subjects_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subjects")),
        sa.UniqueConstraint("organisation", "handle_hash", name=op.f("uq_subjects_organisation_handle_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subjects_organisation"), ["organisation"], unique=False)

    op.create_table(
        "bases",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("purposes", sa.BigInteger(), nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=False),
        sa.Column("collective", sa.Boolean(), nullable=False),
        sa.Column("notice", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("confirmed_how", sa.Text(), nullable=True),
        sa.Column("confirmed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("confirmed", sa.BigInteger(), nullable=True),
        sa.Column("confirmation", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'live', 'withdrawn', 'erased')", name=op.f("ck_bases_state")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["accounts.id"], name=op.f("fk_bases_confirmed_by")),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_bases_notice")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_bases_organisation")),
        sa.ForeignKeyConstraint(["recorded_by"], ["accounts.id"], name=op.f("fk_bases_recorded_by")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_bases_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bases")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("bases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bases_confirmed_by"), ["confirmed_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_bases_notice"), ["notice"], unique=False)
        batch_op.create_index(batch_op.f("ix_bases_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_bases_recorded_by"), ["recorded_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_bases_subject"), ["subject"], unique=False)

    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agreement", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reference_hash", sa.Text(), nullable=False),
        sa.Column("reference_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("opened_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["agreement"], ["agreements.id"], name=op.f("fk_cases_agreement")),
        sa.ForeignKeyConstraint(["opened_by"], ["accounts.id"], name=op.f("fk_cases_opened_by")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_cases_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint(
            "organisation", "purpose", "reference_hash", name=op.f("uq_cases_organisation_purpose_reference_hash")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cases_agreement"), ["agreement"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_opened_by"), ["opened_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_organisation"), ["organisation"], unique=False)

    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_changes_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_changes_subject"), ["subject"], unique=False)

    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ordered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("faces", sa.Integer(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("residuals", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('tombstoned', 'deleted', 'done')", name=op.f("ck_erasures_state")),
        sa.ForeignKeyConstraint(["ordered_by"], ["accounts.id"], name=op.f("fk_erasures_ordered_by")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_erasures_organisation")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_erasures_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasures_ordered_by"), ["ordered_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_erasures_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_erasures_subject"), ["subject"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("territory", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('stop', 'erase', 'quarantine', 'hold')", name=op.f("ck_orders_kind")),
        sa.CheckConstraint("state IN ('proposed', 'stayed', 'in-force', 'complied')", name=op.f("ck_orders_state")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_orders_organisation")),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name=op.f("fk_orders_source")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_orders_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_source"), ["source"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_subject"), ["subject"], unique=False)

    op.create_table(
        "photos",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("perceptual_hash", sa.String(length=16), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("taken_at", sa.Text(), nullable=True),
        sa.Column("rights", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("faces_found", sa.Integer(), nullable=False),
        sa.Column("ingested", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('done', 'refused')", name=op.f("ck_photos_state")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_photos_organisation")),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name=op.f("fk_photos_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        sa.UniqueConstraint("source", "path", name=op.f("uq_photos_source_path")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_photos_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_photos_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_photos_source"), ["source"], unique=False)

    op.create_table(
        "requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'answered', 'refused')", name=op.f("ck_requests_state")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_requests_organisation")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_requests_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_requests_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_subject"), ["subject"], unique=False)

    op.create_table(
        "appearances",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("photo", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("basis", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["basis"], ["bases.id"], name=op.f("fk_appearances_basis")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_appearances_organisation")),
        sa.ForeignKeyConstraint(["photo"], ["photos.id"], name=op.f("fk_appearances_photo")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_appearances_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appearances")),
        sa.UniqueConstraint("photo", "subject", name=op.f("uq_appearances_photo_subject")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("appearances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appearances_basis"), ["basis"], unique=False)
        batch_op.create_index(batch_op.f("ix_appearances_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_appearances_photo"), ["photo"], unique=False)
        batch_op.create_index(batch_op.f("ix_appearances_subject"), ["subject"], unique=False)

    op.create_table(
        "references_",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("basis", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("photo_sha256", sa.Text(), nullable=False),
        sa.Column("photo_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("face_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("template_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["basis"], ["bases.id"], name=op.f("fk_references__basis")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_references__organisation")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_references__subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_references_")),
        sa.UniqueConstraint(
            "subject", "photo_sha256", "contract", name=op.f("uq_references__subject_photo_sha256_contract")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("references_", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_references__basis"), ["basis"], unique=False)
        batch_op.create_index(batch_op.f("ix_references__organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_references__subject"), ["subject"], unique=False)

    op.create_table(
        "searches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("probe_commitment", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("candidates", sa.Integer(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('search', 'verify')", name=op.f("ck_searches_kind")),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_searches_account")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_searches_case")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_searches_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searches")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_searches_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_searches_case"), ["case"], unique=False)
        batch_op.create_index(batch_op.f("ix_searches_organisation"), ["organisation"], unique=False)

    op.create_table(
        "shown",
        sa.Column("search", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["search"], ["searches.id"], name=op.f("fk_shown_search")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_shown_subject")),
        sa.PrimaryKeyConstraint("search", "subject", name=op.f("pk_shown")),
    )
    with op.batch_alter_table("shown", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shown_subject"), ["subject"], unique=False)
