-- Fails when one of these keys of persons is there no more: whoever sealed with a key that it remembered asks this in the
-- statement that records, so that nothing is stored which nobody can read. The class of the failure says "again": the next
-- try seals with the key that the person has by then.
CREATE FUNCTION require_subject_keys(p_ids json) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
  IF (SELECT count(*) FROM subject_keys WHERE key_id IN (SELECT i::uuid FROM json_array_elements_text(p_ids) AS i))
    < json_array_length(p_ids) THEN
    RAISE EXCEPTION 'The key of a person was erased a moment ago.' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN true;
END
$$;
