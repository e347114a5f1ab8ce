import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureCertificate } from "./certificate.ts";

const rules = "host all all 127.0.0.1/32 password\n";
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "brain-certificate-"));
  await writeFile(join(folder, "pg_hba.conf"), rules, { mode: 0o600 });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});
const read = (name: string) => readFile(join(folder, name), "utf8");

test("a cluster gets a key that nobody else may read, and a certificate of this machine", async () => {
  await ensureCertificate(folder, null);
  expect((await stat(join(folder, "server.key"))).mode & 0o777).toBe(0o600);
  const certificate = new X509Certificate(await read("server.crt"));
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect((await readdir(folder)).toSorted()).toEqual(["pg_hba.conf", "server.crt", "server.key"]);
});

test("it keeps them, and a start that was cut short before the certificate asks for no second rule", async () => {
  await ensureCertificate(folder, null);
  const first = await read("server.crt");
  await ensureCertificate(folder, null);
  expect(await read("server.crt")).toBe(first);
  await rm(join(folder, "server.crt"));
  await ensureCertificate(folder, null);
  expect(await read("server.crt")).not.toBe(first);
  expect(await read("pg_hba.conf")).toBe(`hostssl all all all scram-sha-256\n${rules}`);
});

test("a key that others may read, as in a copy that kept no modes, is taken from them", async () => {
  await ensureCertificate(folder, null);
  const first = await read("server.key");
  await chmod(join(folder, "server.key"), 0o666);
  await ensureCertificate(folder, null);
  expect((await stat(join(folder, "server.key"))).mode & 0o777).toBe(0o600);
  expect(await read("server.key")).toBe(first);
});

test("a certificate without its key, as in a copy that left out what only its owner reads, is made anew", async () => {
  await ensureCertificate(folder, null);
  await rm(join(folder, "server.key"));
  await ensureCertificate(folder, null);
  const certificate = new X509Certificate(await read("server.crt"));
  expect(certificate.checkPrivateKey(createPrivateKey(await read("server.key")))).toBe(true);
});
