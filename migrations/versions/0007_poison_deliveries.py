"""Deliveries that kill their worker are counted as jobs are, and suspects of both kinds are found by index."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "webhook_deliveries",
        sa.Column("crashes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_webhook_deliveries_crashes_not_negative"), "webhook_deliveries", "crashes >= 0"
    )
    op.create_index(
        "ix_webhook_deliveries_crashed",
        "webhook_deliveries",
        ["crashes"],
        postgresql_where=sa.text("crashes > 0"),
    )
    op.create_index(
        "ix_jobs_crashed",
        "jobs",
        ["crashes"],
        postgresql_where=sa.text("crashes > 0 AND finished_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_crashed", "jobs")
    op.drop_index("ix_webhook_deliveries_crashed", "webhook_deliveries")
    op.drop_constraint(
        op.f("ck_webhook_deliveries_crashes_not_negative"), "webhook_deliveries", type_="check"
    )
    op.drop_column("webhook_deliveries", "crashes")
