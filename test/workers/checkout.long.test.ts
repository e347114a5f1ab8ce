import { execFile } from "node:child_process";
import { lstat, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Checkout, closeBinaries, makeCheckout, makeClosedFolder, type Owner } from "./checkout.ts";
import { type Child, startChild } from "./child.ts";
import { call, createCourse, type Served } from "./course-flow.ts";

/*
 * Both commands of the README where people really have their checkouts: in a folder that is closed to others, with a
 * name that has spaces, umlauts and quotes, as root and as a user, without a network, with what earlier runs left.
 */

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const readyLine = /^ready {2}(http:\/\/127\.0\.0\.1:\d+) {2}key (\S{16,})$/m;
/** No registry answers there: a start that wants to install something fails. */
const offline = { npm_config_registry: "http://127.0.0.1:1", npm_config_offline: "true" };
const startMs = 90_000;

const children: Child[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
});
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function newCheckout(owner: Owner | null = null): Promise<Checkout> {
  const closed = await makeClosedFolder();
  folders.push(closed);
  return makeCheckout(closed, owner);
}

function npm(
  { folder }: Checkout,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  owner: Owner | null = null,
): Child {
  const place = { cwd: folder, ...(owner === null ? {} : { uid: owner.uid, gid: owner.gid }) };
  const child = startChild("npm", args, { ...offline, PORT: "0", HOME: folder, ...env }, place);
  children.push(child);
  return child;
}

async function untilReady(child: Child): Promise<Served> {
  const [, url = "", key = ""] = await child.until(readyLine, startMs);
  return { url, key };
}

async function stop(child: Child): Promise<void> {
  child.signal("SIGTERM");
  await child.ended(90_000);
}

/** Starts, makes a course, stops, starts again and finds the course. */
async function expectDataToStay(checkout: Checkout, owner: Owner | null, between: () => Promise<Checkout>) {
  const first = npm(checkout, ["start"], {}, owner);
  const courseId = await createCourse(await untilReady(first));
  await stop(first);
  const second = npm(await between(), ["start"], {}, owner);
  const again = await untilReady(second);
  expect((await call(again, "GET", `/api/course-factory/courses/${courseId}`)).status).toBe(200);
  await stop(second);
}

async function expectRefusal(child: Child, reason: RegExp): Promise<void> {
  expect(await child.ended(startMs), child.output()).toBe(1);
  expect(child.output()).toMatch(reason);
  expect(child.output()).not.toMatch(/\n\s+at /);
}

/** A PATH with everything of ours but redis-server. */
async function pathWithoutRedis(): Promise<string> {
  const bin = await mkdtemp(join(tmpdir(), "brain-bin-"));
  folders.push(bin);
  await run("chmod", ["755", bin]);
  // Programs of this checkout's packages may lie where a user cannot go; npm finds those of the other one.
  const search = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"));
  for (const folder of search) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!/redis|^apt/.test(name)) await symlink(join(folder, name), join(bin, name)).catch(() => undefined);
    }
  }
  return bin;
}

/** What only root meets: PostgreSQL does not run as root, and others cannot enter the folder. */
function asRoot(): void {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await newCheckout();
    await closeBinaries(checkout);
  });

  test("npm start works with what a start left that could not make a cluster, and its data moves with the folder", async () => {
    await mkdir(join(checkout.dataDir, "postgres", "base"), { recursive: true });
    await mkdir(join(checkout.dataDir, "postgres.new", "data"), { recursive: true });
    await writeFile(join(checkout.dataDir, "postgres-password"), "left-from-before\n", { mode: 0o600 });
    await writeFile(join(checkout.dataDir, ".postgres-initdb"), "left-from-before\n", { mode: 0o600 });
    await writeFile(join(checkout.dataDir, "lock"), "1");
    await expectDataToStay(checkout, null, async () => {
      expect((await lstat(join(checkout.dataDir, "postgres", "PG_VERSION"))).isFile()).toBe(true);
      const folder = `${checkout.folder} (moved)`;
      await rename(checkout.folder, folder);
      checkout = { folder, dataDir: join(folder, ".brain") };
      return checkout;
    });
    // Nothing was opened to others for that.
    for (const path of [join(checkout.folder, ".."), join(checkout.dataDir, "postgres")]) {
      expect((await stat(path)).mode & 0o077).toBe(0);
    }
  }, 240_000);

  test("npm run services takes a cluster that belongs to somebody else and is open to everybody", async () => {
    const cluster = join(checkout.dataDir, "postgres");
    await run("chown", ["-R", "12345:12345", cluster]);
    await run("chmod", ["-R", "a+rwX", cluster]);
    const services = npm(checkout, ["run", "services"]);
    await services.until(/^ready$/m, startMs);
    await stop(services);
  });

  test("npm test works", async () => {
    const child = npm(checkout, ["test", "--", "workers/local/data-dir.test.ts"]);
    const code = await child.ended(240_000);
    expect(child.output()).toMatch(/Test Files .*1 passed/);
    expect(code).toBe(0);
  }, 260_000);

  test("a cluster of another PostgreSQL is refused by its version, and a wrong password by its file", async () => {
    const version = join(checkout.dataDir, "postgres", "PG_VERSION");
    await writeFile(version, "17\n");
    await expectRefusal(
      npm(checkout, ["run", "services"]),
      /made by PostgreSQL 17, and this is PostgreSQL 18/,
    );
    await writeFile(version, "18\n");
    await rm(join(checkout.dataDir, "postgres-password"));
    await expectRefusal(npm(checkout, ["run", "services"]), /postgres-password does not hold the password/);
  });
}

if (isRoot) describe("as root, in a closed folder", asRoot);
else {
  test("as root: not tried, because this run is not root's (sudo npm test -- test/workers/checkout.long.test.ts)", () => {
    expect(process.getuid?.()).toBeGreaterThan(0);
  });
}

describe("as a user, in a closed folder", () => {
  // Root cannot be somebody's only user: then the test becomes one that owns nothing.
  const user: Owner | null = isRoot ? { uid: 65_534, gid: 65_534 } : null;
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await newCheckout(user);
  });

  test("npm start works with packages that somebody else installed, and finds its data again", async () => {
    await expectDataToStay(checkout, user, async () => checkout);
  }, 240_000);

  test("without redis-server it says how to install it", async () => {
    const child = npm(checkout, ["start"], { PATH: await pathWithoutRedis() }, user);
    await expectRefusal(child, /redis-server was not found\. Install it .*apt-get install redis-server/);
  });

  test("data that cannot be used is refused with what to do", async () => {
    if (isRoot) {
      await run("chown", ["-R", "root:root", join(checkout.dataDir, "postgres")]);
      await expectRefusal(npm(checkout, ["start"], {}, user), /belongs to another user \(uid 0\).*chown -R/s);
      await run("chown", ["-R", "root:root", checkout.dataDir]);
    } else await run("chmod", ["0500", checkout.dataDir]);
    await expectRefusal(npm(checkout, ["start"], {}, user), /data directory .* cannot be used \(EACCES\)/);
  });
});
