"""The state of the platform's account: breaker, parking, budget."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_CHECKS = {
    "refused_says_why": "refused_at IS NULL OR refusal IS NOT NULL",
    "refused_is_probed": "refusal IS NULL OR probe_at IS NOT NULL",
    "rate_share_range": "rate_share > 0 AND rate_share <= 1",
}


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("last_failed_call", sa.Text(), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("rate_share", sa.Double(), server_default=sa.text("1"), nullable=False),
        sa.Column("rate_share_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("tokens", sa.Double(), nullable=True),
        sa.Column("tokens_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
    ]


def upgrade() -> None:
    for column in _columns():
        op.add_column("platform_credentials", column)
    for name, rule in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_platform_credentials_{name}"), "platform_credentials", rule)
    op.add_column("jobs", sa.Column("key_refused_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_jobs_key_refused",
        "jobs",
        ["credential_id"],
        postgresql_where=sa.text("key_refused_at IS NOT NULL AND finished_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_key_refused", table_name="jobs")
    op.drop_column("jobs", "key_refused_at")
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_platform_credentials_{name}"), "platform_credentials", type_="check")
    for column in reversed(_columns()):
        op.drop_column("platform_credentials", column.name)
