"""The bucket of requests that the workers share, one per account."""

from sqlalchemy import text

from db.session import AnyRow, Session

# The row is locked before it is read: two workers never take the same requests. What was taken and not used
# comes back; the bucket holds one second's worth. An urgent request goes into the reserve, and into debt.
_LEASE = text("""
    WITH held AS (
        SELECT id, GREATEST(:least_capacity, :rate * LEAST(1, rate_share + :recovery
                   * GREATEST(0, EXTRACT(epoch FROM now() - rate_share_at)))) AS capacity,
               tokens, GREATEST(0, EXTRACT(epoch FROM now() - tokens_at)) AS age,
               failures > 0 OR probe_at IS NOT NULL AS troubled
          FROM platform_credentials WHERE name = :name FOR NO KEY UPDATE
    ), there AS (
        SELECT id, capacity, troubled,
               LEAST(capacity, COALESCE(tokens, capacity) + capacity * age + :unused) AS tokens
          FROM held
    ), taken AS (
        SELECT id, tokens, troubled, CASE
               WHEN :urgent THEN LEAST(:wanted, GREATEST(0, floor(tokens + capacity)))
               ELSE LEAST(:wanted, GREATEST(0, floor(tokens - :reserved * capacity))) END AS count
          FROM there
    )
    UPDATE platform_credentials AS credential
       SET tokens = taken.tokens - taken.count, tokens_at = now()
      FROM taken WHERE credential.id = taken.id
    RETURNING taken.count, taken.troubled""")


async def lease(
    session: Session,
    *,
    name: str,
    rate: float,
    wanted: int,
    unused: int,
    urgent: bool,
    reserved: float,
    least_capacity: float,
    recovery: float,
) -> AnyRow | None:
    """Take up to `wanted` requests, giving `unused` ones of before back.

    Returns:
        How many were there to take, and whether the account has failures in a row; None if it has no row.
    """
    values = {
        "name": name, "rate": rate, "wanted": wanted, "unused": unused, "urgent": urgent,
        "reserved": reserved, "least_capacity": least_capacity, "recovery": recovery,
    }  # fmt: skip
    return (await session.execute(_LEASE, values)).first()
