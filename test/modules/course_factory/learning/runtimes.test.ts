import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../../../tools/root.ts";
import { firstKey } from "./fixtures.ts";

/**
 * Certificates are signed wherever the product runs. Ed25519 is deterministic (RFC 8032), so one key and one payload
 * have one signature: the runtimes must agree to the last digit.
 */

const program = `
import { isSignedBy, readSigningKey, signCertificate } from "./src/modules/course_factory/learning/certificate.ts";
export async function probe() {
  const key = await readSigningKey(${JSON.stringify(firstKey)});
  const payload = {
    schema: "cert-v1", certificate_id: "cert_0123456789abcdef", enrollment_id: "enr_0123456789abcdef",
    course_id: "7b1d3f50-2c6e-4a8b-9f10-1234567890ab", course_title: "Zeit für Eltern", course_version: "1.0.0",
    language: "de", actor_id: null, completion_hash: "0".repeat(64), completed_at: 1763700000,
    issued_at: 1763700060, issuer: "BRAiN", key_id: key.keyId,
  };
  const signature = await signCertificate(key, payload);
  const refusal = await readSigningKey(btoa("x".repeat(48))).catch((error) => error.name);
  return {
    keyId: key.keyId, publicKey: key.publicKey, signature, refusal,
    valid: await isSignedBy(key.publicKey, payload, signature),
    forged: await isSignedBy(key.publicKey, { ...payload, actor_id: "user-1" }, signature),
  };
}`;

let folder: string;
let script: string;
beforeAll(async () => {
  const bundle = await build({
    stdin: { contents: program, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    write: false,
  });
  script = bundle.outputFiles[0]?.text ?? "";
  folder = await mkdtemp(join(tmpdir(), "brain-certificates-"));
  await writeFile(join(folder, "probe.mjs"), script);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function inNode() {
  const { probe } = await import(pathToFileURL(join(folder, "probe.mjs")).href);
  return probe();
}

async function inWorkerd() {
  const worker = `${script}\nexport default { fetch: async () => Response.json(await probe()) };`;
  const miniflare = new Miniflare({ modules: true, compatibilityDate: "2026-07-01", script: worker });
  try {
    return await (await miniflare.dispatchFetch("http://127.0.0.1/")).json();
  } finally {
    await miniflare.dispose();
  }
}

async function inDeno() {
  const file = join(folder, "deno.mjs");
  await writeFile(file, `${script}\nconsole.log(JSON.stringify(await probe()));`);
  const { stdout } = await promisify(execFile)(`${root}node_modules/.bin/deno`, ["run", file], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  });
  return JSON.parse(stdout);
}

describe("a certificate's signature", () => {
  test("is made and verified alike in Node, workerd and Deno", async () => {
    const inNodeJs = await inNode();
    expect(inNodeJs).toEqual({
      keyId: "21fe31dfa154a261",
      publicKey: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      signature: expect.stringMatching(/^[0-9a-f]{128}$/),
      refusal: "TransientError",
      valid: true,
      forged: false,
    });
    expect(await inWorkerd()).toEqual(inNodeJs);
    expect(await inDeno()).toEqual(inNodeJs);
  });
});
