"""Endpoints that customers manage: a delivery that is replayed begins its schedule anew."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "webhook_deliveries",
        sa.Column("schedule_start", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_webhook_deliveries_schedule_starts_within"),
        "webhook_deliveries",
        "schedule_start BETWEEN 0 AND attempts",
    )


def downgrade() -> None:
    op.drop_constraint(
        op.f("ck_webhook_deliveries_schedule_starts_within"), "webhook_deliveries", type_="check"
    )
    op.drop_column("webhook_deliveries", "schedule_start")
