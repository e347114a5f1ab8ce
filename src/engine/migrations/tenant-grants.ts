/**
 * What the role of tenants is granted on the tables that get its policy in a migration, as one statement; null: none
 * does. drizzle-kit writes the policies, which are parts of tables to it, and knows no grants: without this one each
 * statement of a tenant is refused.
 */
export function grantForTenants(migration: string): string | null {
  const policies = /^CREATE POLICY "tenant_rows" ON ((?:"\w+"\.)?"\w+")/gm;
  const tables = Array.from(migration.matchAll(policies), ([, name]) => name);
  if (tables.length === 0) return null;
  return `GRANT SELECT, INSERT, UPDATE, DELETE ON ${tables.join(", ")} TO "brain_tenant";`;
}
