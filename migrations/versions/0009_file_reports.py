"""What is found out about training files, and what a project does about personal data."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_CHECKS = {
    "claim_is_whole": "(claim_token IS NULL) = (claimed_until IS NULL)",
    "finished_is_free": "finished_at IS NULL OR claim_token IS NULL",
    "finished_says_what": "finished_at IS NULL OR (examined IS NULL) = (failure IS NOT NULL)",
    "attempts_not_negative": "attempts >= 0",
    "policy_known": "policy IN ('allow', 'warn', 'redact', 'block')",
    "ratio_range": "max_invalid_ratio >= 0 AND max_invalid_ratio <= 1",
}


def upgrade() -> None:
    op.create_table(
        "file_reports",
        sa.Column("file_id", sa.Text(collation="C"), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("max_invalid_ratio", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("structure", sa.LargeBinary(), nullable=False),
        sa.Column("examined", sa.LargeBinary(), nullable=True),
        sa.Column("token_counts", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprints", sa.LargeBinary(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("claim_token", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_file_reports_{name}")) for name, rule in _CHECKS.items()),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_file_reports_file_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_file_reports")),
    )
    op.create_index(
        "ix_file_reports_due", "file_reports", ["due_at"], postgresql_where=sa.text("finished_at IS NULL")
    )
    op.add_column("files", sa.Column("training_blob_key", sa.Text(), nullable=True))
    op.add_column("files", sa.Column("training_bytes", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_files_training_copy_is_whole"),
        "files",
        "(training_blob_key IS NULL) = (training_bytes IS NULL)",
    )
    op.create_index(
        op.f("ix_files_training_blob_key"),
        "files",
        ["training_blob_key"],
        postgresql_where=sa.text("training_blob_key IS NOT NULL"),
    )
    op.add_column(
        "projects",
        sa.Column("personal_data_policy", sa.Text(), server_default=sa.text("'warn'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_projects_personal_data_policy_known"),
        "projects",
        "personal_data_policy IN ('allow', 'warn', 'redact', 'block')",
    )
    op.add_column(
        "uploads",
        sa.Column("max_invalid_ratio", sa.Double(), nullable=True),
    )
    op.create_check_constraint(
        op.f("ck_uploads_invalid_ratio_range"),
        "uploads",
        "max_invalid_ratio >= 0 AND max_invalid_ratio <= 1",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_uploads_invalid_ratio_range"), "uploads", type_="check")
    op.drop_column("uploads", "max_invalid_ratio")
    op.drop_constraint(op.f("ck_projects_personal_data_policy_known"), "projects", type_="check")
    op.drop_column("projects", "personal_data_policy")
    op.drop_index(op.f("ix_files_training_blob_key"), table_name="files")
    op.drop_constraint(op.f("ck_files_training_copy_is_whole"), "files", type_="check")
    op.drop_column("files", "training_bytes")
    op.drop_column("files", "training_blob_key")
    op.drop_index("ix_file_reports_due", table_name="file_reports")
    op.drop_table("file_reports")
