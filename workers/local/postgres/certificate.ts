/**
 * TLS for the local PostgreSQL: connection strings of Neon say `sslmode=require&channel_binding=require`, and clients on
 * the plain port go by that.
 *
 * Source: https://www.postgresql.org/docs/current/ssl-tcp.html, https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
 */

import { existsSync } from "node:fs";
import { chmod, chown, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "./account.ts";

/** Nobody renews it: it is for this machine alone, and lasts as long as the data. */
const lifetimeYears = 20;

/** PEM. Node makes keys and no certificates, so that is left to a library; it is loaded when one is to be made. */
async function makeCertificate(): Promise<{ readonly key: string; readonly certificate: string }> {
  const { generate } = await import("selfsigned");
  const now = new Date();
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    // Clocks of virtual machines go back at times.
    notBeforeDate: new Date(now.getTime() - 86_400_000),
    notAfterDate: new Date(now.getFullYear() + lifetimeYears, now.getMonth(), now.getDate()),
    extensions: [
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { key: made.private, certificate: made.cert };
}

/** Only SCRAM can be bound to the channel; the lines behind it are for sessions without TLS. */
const scramOverTls = "hostssl all all all scram-sha-256\n";

/**
 * Gives the cluster in `folder` a key and a certificate of its own, where PostgreSQL looks for them, unless it has them.
 */
export async function ensureCertificate(folder: string, account: Account | null): Promise<void> {
  const keyFile = join(folder, "server.key");
  if (existsSync(join(folder, "server.crt")) && existsSync(keyFile)) {
    // PostgreSQL refuses a key that others may read, as in a copy that did not keep modes.
    await chmod(keyFile, 0o600);
    return;
  }
  const { key, certificate } = await makeCertificate();
  const rules = await readFile(join(folder, "pg_hba.conf"), "utf8");
  const texts = {
    "pg_hba.conf": rules.startsWith(scramOverTls) ? rules : scramOverTls + rules,
    "server.key": key,
    // It comes last: when this is cut short, the next start sees that it is not done.
    "server.crt": certificate,
  };
  for (const [name, text] of Object.entries(texts)) {
    const made = join(folder, `${name}.new`);
    await writeFile(made, text, { mode: 0o600 });
    if (account !== null) await chown(made, account.uid, account.gid);
    await rename(made, join(folder, name));
  }
}
