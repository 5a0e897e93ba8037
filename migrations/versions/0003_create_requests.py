"""What a client's own retries of a create are merged by; jobs that wait paused; checkpoints as models."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "create_requests",
        sa.Column("job_id", sa.Text(collation="C"), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("last_retry_count", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("last_retry_count >= 0", name=op.f("ck_create_requests_retry_count_not_negative")),
        sa.CheckConstraint("length(fingerprint) = 32", name=op.f("ck_create_requests_fingerprint_is_sha256")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_create_requests_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_create_requests")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_create_requests_fingerprint", "create_requests", ["fingerprint"])
    op.create_index("ix_create_requests_tried_at", "create_requests", ["tried_at"])
    op.create_check_constraint(
        op.f("ck_jobs_paused_is_not_submitted"),
        "jobs",
        "paused_at IS NULL OR (open_submission_id IS NULL AND platform_job_id IS NULL)",
    )
    op.create_index("ix_checkpoints_model", "checkpoints", ["model"])


def downgrade() -> None:
    op.drop_index("ix_checkpoints_model", table_name="checkpoints")
    op.drop_constraint(op.f("ck_jobs_paused_is_not_submitted"), "jobs", type_="check")
    op.drop_table("create_requests")
