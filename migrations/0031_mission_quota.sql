-- How many missions of a tenant are not over, counted to one above what it may have. Two transactions that store missions of
-- one tenant do it one after the other, so none of them misses those of the other one. Volatile: its count begins behind the
-- lock, with a snapshot of its own, and sees what the calling statement has inserted.
CREATE FUNCTION missions_open(p_tenant text, p_most bigint, p_class integer, p_number integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(p_class, p_number);
  RETURN (SELECT count(*) FROM (
    SELECT FROM missions WHERE tenant_id = p_tenant AND status NOT IN ('completed', 'failed', 'cancelled') LIMIT p_most + 1
  ) AS counted);
END
$$;
