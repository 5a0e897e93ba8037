"""Large files that arrive in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ENDED = "status IN ('completed', 'cancelled', 'expired')"


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("project_id", sa.Text(collation="C"), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_life", sa.Interval(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("part_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("claim_token", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_id", sa.Text(collation="C"), nullable=True),
        sa.Column("order_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'completing', 'completed', 'cancelled', 'expired')",
            name=op.f("ck_uploads_status_known"),
        ),
        sa.CheckConstraint(
            "purpose IN ('assistants', 'batch', 'evals', 'fine-tune', 'user_data', 'vision')",
            name=op.f("ck_uploads_purpose_known"),
        ),
        sa.CheckConstraint("bytes > 0", name=op.f("ck_uploads_bytes_positive")),
        sa.CheckConstraint("file_life > interval '0'", name=op.f("ck_uploads_file_life_positive")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_uploads_expires_later")),
        sa.CheckConstraint(
            "part_count >= 0 AND received >= 0 AND attempts >= 0",
            name=op.f("ck_uploads_counts_not_negative"),
        ),
        sa.CheckConstraint(
            "(claim_token IS NULL) = (claimed_until IS NULL)", name=op.f("ck_uploads_claim_is_whole")
        ),
        sa.CheckConstraint(
            "(status = 'completing') = (claim_token IS NOT NULL)",
            name=op.f("ck_uploads_completing_has_claim"),
        ),
        sa.CheckConstraint(
            "(status = 'completed') = (file_id IS NOT NULL)", name=op.f("ck_uploads_completed_has_file")
        ),
        sa.CheckConstraint(
            "(status = 'completed') = (order_sha256 IS NOT NULL)",
            name=op.f("ck_uploads_completed_has_order"),
        ),
        sa.CheckConstraint(f"swept_at IS NULL OR {ENDED}", name=op.f("ck_uploads_swept_has_ended")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_uploads_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_uploads_file_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(
        "ix_uploads_expiring",
        "uploads",
        ["expires_at"],
        postgresql_where=sa.text("status IN ('pending', 'completing')"),
    )
    op.create_index(
        "ix_uploads_unswept", "uploads", ["id"], postgresql_where=sa.text(f"swept_at IS NULL AND {ENDED}")
    )
    op.create_index(
        "ix_uploads_swept", "uploads", ["swept_at"], postgresql_where=sa.text("swept_at IS NOT NULL")
    )
    op.create_index(op.f("ix_uploads_project_id"), "uploads", ["project_id"])
    op.create_index(
        "ix_uploads_file", "uploads", ["file_id"], postgresql_where=sa.text("file_id IS NOT NULL")
    )
    op.create_table(
        "upload_parts",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("upload_id", sa.Text(collation="C"), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("md5", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("bytes > 0", name=op.f("ck_upload_parts_bytes_positive")),
        sa.CheckConstraint("(bytes IS NULL) = (md5 IS NULL)", name=op.f("ck_upload_parts_arrived_whole")),
        sa.CheckConstraint("length(md5) = 16", name=op.f("ck_upload_parts_md5_length")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_upload_parts_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_parts")),
    )
    op.create_index("ix_upload_parts_page", "upload_parts", ["upload_id", "id"])


def downgrade() -> None:
    op.drop_table("upload_parts")
    op.drop_table("uploads")
