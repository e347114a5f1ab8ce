import type { GatedProduct } from "../gated-product.ts";

/** Tells whether anything at all was written: rows that are added, changed or removed, in any table. */
export interface WriteWatch {
  /** What was written since it was asked last, e.g. `missions INSERT`, each once. */
  since(): Promise<readonly string[]>;
}

/**
 * @param unwatched tables whose rows say that a request came, and not what it did
 */
export async function watchWrites(
  product: GatedProduct,
  unwatched: readonly string[] = [],
): Promise<WriteWatch> {
  await product.sql("CREATE TABLE test_writes (what text NOT NULL)");
  await product.sql(`
    CREATE FUNCTION test_note_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO public.test_writes VALUES (TG_TABLE_NAME || ' ' || TG_OP);
      RETURN NULL;
    END $$`);
  const tables = await product.sql<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
  );
  for (const { name } of tables) {
    if (name === "test_writes" || unwatched.includes(name)) continue;
    await product.sql(
      `CREATE TRIGGER test_note_write AFTER INSERT OR UPDATE OR DELETE ON "${name}" FOR EACH ROW EXECUTE FUNCTION test_note_write()`,
    );
  }
  return {
    async since() {
      await product.background();
      const rows = await product.sql<{ what: string }>("DELETE FROM test_writes RETURNING what");
      return [...new Set(rows.map(({ what }) => what))].sort();
    },
  };
}
