"""Every upload to the platform is written down before it leaves; a file there that is gone is sent anew."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OVER = "outcome IN ('deleted', 'absent', 'given_up', 'spent')"


def upgrade() -> None:
    op.create_table(
        "platform_uploads",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("file_id", sa.Text(collation="C"), nullable=False),
        sa.Column("credential_id", sa.Text(collation="C"), nullable=False),
        sa.Column("job_id", sa.Text(collation="C"), nullable=False),
        sa.Column("claim_token", sa.Uuid(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("platform_file_id", sa.Text(), nullable=True),
        sa.Column("check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("doubts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('pending', 'ambiguous', 'used', 'deleted', 'absent', 'given_up', 'spent')",
            name=op.f("ck_platform_uploads_outcome_known"),
        ),
        sa.CheckConstraint(
            "outcome <> 'used' OR platform_file_id IS NOT NULL",
            name=op.f("ck_platform_uploads_used_has_file"),
        ),
        sa.CheckConstraint(
            "check_at IS NULL OR outcome IN ('ambiguous', 'used')",
            name=op.f("ck_platform_uploads_check_has_reason"),
        ),
        sa.CheckConstraint(
            "looks >= 0 AND doubts >= 0", name=op.f("ck_platform_uploads_counts_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["platform_credentials.id"],
            name=op.f("fk_platform_uploads_credential_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_uploads")),
    )
    op.create_index(
        "ix_platform_uploads_open",
        "platform_uploads",
        ["id"],
        postgresql_where=sa.text("outcome IN ('pending', 'ambiguous')"),
    )
    op.create_index(
        "ix_platform_uploads_kept",
        "platform_uploads",
        ["check_at"],
        postgresql_where=sa.text("outcome = 'used' AND check_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_platform_uploads_job_id"), "platform_uploads", ["job_id"])
    op.create_index(
        "ix_platform_uploads_over", "platform_uploads", ["begun_at"], postgresql_where=sa.text(OVER)
    )
    op.create_index(
        "ix_platform_uploads_file",
        "platform_uploads",
        ["platform_file_id"],
        postgresql_where=sa.text("platform_file_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_platform_files_platform_file_id"), "platform_files", ["platform_file_id"])
    op.create_index(op.f("ix_files_blob_key"), "files", ["blob_key"])
    op.add_column(
        "platform_submissions",
        sa.Column("file_unknown", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_identities")),
    )


def downgrade() -> None:
    op.drop_table("identities")
    op.drop_column("platform_submissions", "file_unknown")
    op.drop_index(op.f("ix_files_blob_key"), table_name="files")
    op.drop_index(op.f("ix_platform_files_platform_file_id"), table_name="platform_files")
    op.drop_table("platform_uploads")
