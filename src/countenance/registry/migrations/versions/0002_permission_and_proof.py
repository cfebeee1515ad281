"""Orders, requests, receipts, approvals, reviews, activations and witnesses."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply the step. The first release never wrote an order or a request, so their tables are made anew."""
    op.drop_table("requests")
    op.drop_table("orders")
    op.create_table(
        "witnesses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witnesses")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "activations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("dpia_sha256", sa.Text(), nullable=True),
        sa.Column("signatory", sa.Text(), nullable=True),
        sa.Column("proposed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('purpose', 'territory', 'model', 'archive')", name=op.f("ck_activations_kind")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_activations_organisation")),
        sa.ForeignKeyConstraint(["proposed_by"], ["accounts.id"], name=op.f("fk_activations_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activations")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("activations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activations_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_activations_proposed_by"), ["proposed_by"], unique=False)

    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_approvals_account")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_approvals_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint(
            "organisation",
            "thing",
            "act",
            "account",
            "statement",
            name=op.f("uq_approvals_organisation_thing_act_account_statement"),
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approvals_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_approvals_organisation"), ["organisation"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("joined", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("territory", sa.Text(), nullable=True),
        sa.Column("supplier", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("in_force", sa.BigInteger(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("executing", sa.BigInteger(), nullable=True),
        sa.Column("history", sa.Text(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('stop', 'erase', 'quarantine', 'hold')", name=op.f("ck_orders_kind")),
        sa.CheckConstraint("state IN ('proposed', 'stayed', 'in-force', 'complied')", name=op.f("ck_orders_state")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_orders_organisation")),
        sa.ForeignKeyConstraint(["proposed_by"], ["accounts.id"], name=op.f("fk_orders_proposed_by")),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name=op.f("fk_orders_source")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_orders_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_proposed_by"), ["proposed_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_source"), ["source"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_subject"), ["subject"], unique=False)

    op.create_table(
        "requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("answer_sha256", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("channel IN ('receipt', 'contact', 'officer')", name=op.f("ck_requests_channel")),
        sa.CheckConstraint(
            "kind IN ('access', 'erasure', 'objection', 'restriction', 'rectification')", name=op.f("ck_requests_kind")
        ),
        sa.CheckConstraint("state IN ('open', 'answered', 'refused')", name=op.f("ck_requests_state")),
        sa.ForeignKeyConstraint(["answered_by"], ["accounts.id"], name=op.f("fk_requests_answered_by")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_requests_organisation")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_requests_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_requests_answered_by"), ["answered_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_subject"), ["subject"], unique=False)

    op.create_table(
        "links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("basis", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("poses", sa.Text(), nullable=True),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'guardian', 'stills')", name=op.f("ck_links_kind")),
        sa.ForeignKeyConstraint(["basis"], ["bases.id"], name=op.f("fk_links_basis")),
        sa.ForeignKeyConstraint(["made_by"], ["accounts.id"], name=op.f("fk_links_made_by")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_links_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_links_basis"), ["basis"], unique=False)
        batch_op.create_index(batch_op.f("ix_links_made_by"), ["made_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_links_organisation"), ["organisation"], unique=False)

    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("basis", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["basis"], ["bases.id"], name=op.f("fk_receipts_basis")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_receipts_organisation")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_receipts_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("sha256", name=op.f("uq_receipts_sha256")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("receipts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipts_basis"), ["basis"], unique=False)
        batch_op.create_index(batch_op.f("ix_receipts_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_receipts_subject"), ["subject"], unique=False)

    op.create_table(
        "probes",
        sa.Column("search", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["search"], ["searches.id"], name=op.f("fk_probes_search")),
        sa.PrimaryKeyConstraint("search", name=op.f("pk_probes")),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("search", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("decision IN ('confirm', 'reject')", name=op.f("ck_reviews_decision")),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_reviews_account")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_reviews_organisation")),
        sa.ForeignKeyConstraint(["search"], ["searches.id"], name=op.f("fk_reviews_search")),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name=op.f("fk_reviews_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("search", "subject", "account", name=op.f("uq_reviews_search_subject_account")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reviews_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_reviews_organisation"), ["organisation"], unique=False)
        batch_op.create_index(batch_op.f("ix_reviews_search"), ["search"], unique=False)
        batch_op.create_index(batch_op.f("ix_reviews_subject"), ["subject"], unique=False)

    with op.batch_alter_table("agreements", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dpia_signatory", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("mandate", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("quota", sa.Integer(), nullable=True))

    with op.batch_alter_table("bases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("noticed", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("noticed_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("notice_signature", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.add_column(sa.Column("basis", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("under", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("batch", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_erasures_batch"), ["batch"], unique=False)

    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("holder", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("licence", sa.Text(), nullable=True))

    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agreement", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("pair_commitment", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_searches_agreement"), ["agreement"], unique=False)

    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("supplier", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("manifest", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("manifest_sha256", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("paused_for", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("accepted", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("rights_holder", sa.Text(), nullable=True))

    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.add_column(sa.Column("guardian_hash", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("guardian_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("contact_since", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("restricted", sa.BigInteger(), nullable=True))

    # The model that a gallery was made with is in use already; any other one needs an assessment (P24).
    op.execute(
        "INSERT INTO activations (organisation, kind, value, created) "
        "SELECT organisation, 'model', contract, min(created) FROM references_ GROUP BY organisation, contract"
    )
