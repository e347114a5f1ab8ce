/**
 * TLS for the local PostgreSQL: connection strings of Neon say `sslmode=require&channel_binding=require`, and clients on
 * the plain port go by that.
 *
 * Source: https://www.postgresql.org/docs/current/ssl-tcp.html, https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Account } from "./account.ts";

const run = promisify(execFile);

/** Nobody renews it: it is for this machine alone, and lasts as long as the data. */
const lifetimeDays = 20 * 365;

const request = [
  ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
  ...["-days", String(lifetimeDays), "-subj", "/CN=localhost"],
  ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
  ...["-keyout", "server.key.new", "-out", "server.crt.new"],
];

/** Only SCRAM can be bound to the channel; the lines behind it are for sessions without TLS. */
const scramOverTls = "hostssl all all all scram-sha-256\n";

/**
 * Gives the cluster in `folder` a key and a certificate of its own, where PostgreSQL looks for them, unless it has them.
 *
 * @returns whether it has them now. Without `openssl` on the machine it has none, and works without TLS.
 */
export async function ensureCertificate(folder: string, account: Account | null): Promise<boolean> {
  if (existsSync(join(folder, "server.crt"))) return true;
  const isMade = await run("openssl", request, { cwd: folder, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
  if (!isMade) return false;
  const rulesFile = join(folder, "pg_hba.conf");
  const rules = await readFile(rulesFile, "utf8");
  const lacksRule = !rules.startsWith(scramOverTls);
  if (lacksRule) await writeFile(`${rulesFile}.new`, scramOverTls + rules);
  // The certificate comes last: when this is cut short, the next start sees that it is not done.
  for (const name of [...(lacksRule ? ["pg_hba.conf"] : []), "server.key", "server.crt"]) {
    const made = join(folder, `${name}.new`);
    await chmod(made, 0o600);
    if (account !== null) await chown(made, account.uid, account.gid);
    await rename(made, join(folder, name));
  }
  return true;
}
