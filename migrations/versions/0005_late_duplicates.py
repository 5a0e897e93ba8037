"""Create calls are looked at again for late duplicates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNTS = ("checks", "check_tries")


def upgrade() -> None:
    for name in COUNTS:
        op.add_column(
            "platform_submissions",
            sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        )
    op.add_column(
        "platform_submissions",
        sa.Column("duplicates", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_platform_submissions_checks_not_negative"),
        "platform_submissions",
        "checks >= 0 AND check_tries >= 0",
    )
    op.create_index(
        op.f("ix_platform_submissions_platform_training_file"),
        "platform_submissions",
        ["platform_training_file"],
    )
    # Creates of a worker of the version before, which knows nothing of this, are looked at as well.
    op.alter_column(
        "platform_submissions", "check_at", server_default=sa.text("now() + interval '2 minutes'")
    )


def downgrade() -> None:
    op.alter_column("platform_submissions", "check_at", server_default=None)
    op.drop_index(op.f("ix_platform_submissions_platform_training_file"), table_name="platform_submissions")
    op.drop_constraint(
        op.f("ck_platform_submissions_checks_not_negative"), "platform_submissions", type_="check"
    )
    for name in ("duplicates", *COUNTS):
        op.drop_column("platform_submissions", name)
