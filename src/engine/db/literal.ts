/**
 * A text as Postgres reads it, whatever `standard_conforming_strings` says. As `escapeLiteral` of the driver writes it, which
 * goes through the text character by character: the claims of a batch are 50 KB.
 *
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return quoted.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
