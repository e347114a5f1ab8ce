import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { taskRoutes } from "../../src/modules/tasks/routes.ts";
import { root } from "../../tools/root.ts";
import { testApiKey } from "../backbone.ts";
import { charterProgram } from "./charter-program.ts";
import { openStation, type Station } from "./server.ts";

const at = (path: string) => `${root}${path}`;
const python = at("src/governance/fixtures/python/before");

let station: Station;
beforeAll(async () => {
  const routes = taskRoutes({ useNewEventSystem: true, switchSource: "default" });
  station = await openStation({ mounts: [{ path: "/api/tasks", routes }] });
  await station.post("/api/tasks/import", [
    { type: "task_created", task_id: "old-1", title: "Task", timestamp: "2025-03-01T10:00:00" },
  ]);
});
afterAll(async () => {
  rmSync(packages, { recursive: true, force: true });
  await station?.cleanup();
});

/** In place of the packages of an app, which nobody installs here. */
const packages = mkdtempSync(join(tmpdir(), "brain-tarballs-"));
for (const name of ["engine", "schemas", "operator", "charter"])
  writeFileSync(join(packages, `brain-${name}-0.1.0.tgz`), "");

/** Below it nobody can make a folder, and the system calls what is asked for missing: Node's own way tries for ever. */
const place = "/proc/charter";

/** Each program that makes a folder where its user said. */
const programs: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it tells, before the reason. */
  readonly told: string;
  readonly code?: number;
}[] = [
  {
    name: "charter catalog, one document",
    args: [charterProgram, "catalog", "--out", `${place}/catalog.json`],
    told: `charter: ${place}/catalog.json cannot be written: ${place} cannot be made as a folder`,
  },
  ...["json-schema", "eventcatalog"].map((format) => ({
    name: `charter catalog, a folder of ${format}`,
    args: [charterProgram, "catalog", "--format", format, "--out", `${place}/events`],
    told: `charter: ${place}/events cannot be written: ${place}/events cannot be made as a folder`,
  })),
  {
    name: "charter tasks export",
    args: [charterProgram, "tasks", "export", place],
    told: `charter: ${place}/events-2025-03-01.jsonl cannot be written: ${place} cannot be made as a folder`,
  },
  {
    name: "charter phase --plan",
    args: [charterProgram, "phase", "booking", "--path", python, "--plan", `${place}/plan.md`],
    told: `charter: ${place}/plan.md cannot be written: ${place} cannot be made as a folder`,
  },
  {
    name: "charter breaking --write",
    args: [charterProgram, "breaking", at("."), "--write", `${place}/catalogue.json`],
    told: `charter: ${place}/catalogue.json cannot be written: ${place} cannot be made as a folder`,
  },
  {
    name: "charter new app",
    args: [charterProgram, "new", "app", `${place}/tea-shop`, "--yes", "--packages", packages],
    told: `charter: ${place}/tea-shop cannot be written: ${place}/tea-shop cannot be made as a folder`,
  },
  {
    name: "charter services",
    args: [charterProgram, "services"],
    env: { BRAIN_DATA_DIR: place },
    told: `charter: the data directory ${place} cannot be used`,
  },
  {
    name: "npm start",
    args: [at("workers/local/main.ts")],
    env: { BRAIN_DATA_DIR: place, PORT: "0" },
    told: `✗ the data directory ${place} cannot be used`,
    code: 1,
  },
];

/** What never comes back is ended, and has no exit code. */
function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const { PATH = "", HOME = "" } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      args,
      { env: { PATH, HOME, ...env }, timeout: 60_000, killSignal: "SIGKILL" },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

test.runIf(process.platform === "linux").each(programs)(
  "$name says of a place that takes no folder what was given, what is expected and what to do",
  async ({ args, env = {}, told, code = 2 }) => {
    const ran = await run(args, { CHARTER_URL: station.url, CHARTER_KEY: testApiKey, ...env });
    expect(ran.stderr).toContain(`${told} (ENOENT)`);
    expect(ran.stderr).toMatch(/Expected .*\. (Take another|Give it to the user)/);
    // One line and no stack.
    expect(ran.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(ran.code).toBe(code);
  },
);

test("an app with an event and a consumer more has the documents that charter generate makes", async () => {
  const app = join(packages, "tea-shop");
  const write = async (...args: readonly string[]) => {
    const ran = await run([charterProgram, "new", ...args, "--yes"]);
    expect(ran.code, ran.stderr).toBe(0);
  };
  await write("app", app, "--packages", packages, "--module", "shop", "--event", "shop.order.placed");
  symlinkSync(at("node_modules"), join(app, "node_modules"));
  const more = ["--dir", app, "--files-only"];
  // Of whose domain it is, and the only one that there is: nobody has to say the module.
  await write("event", "shop.order.cancelled", ...more);
  await write("consumer", "mailer", "--on", "shop.order.cancelled", ...more);
  const source = readFileSync(join(app, "src/events/shop.ts"), "utf8");
  const generated = await run([charterProgram, "generate", app, "--check"]);
  expect(generated).toMatchObject({ code: 0, stderr: "" });
  const events = readFileSync(join(app, "src/modules/shop/EVENTS.md"), "utf8");
  expect(events).toContain("| `shop.order.cancelled` | shop | INFO | `on(shopOrderCancelled, …)`");
  // What does not load is named by its own place, not by that of its importer.
  appendFileSync(join(app, "src/events/shop.ts"), "export const b = ;\n");
  const { stderr } = await run([charterProgram, "generate", app, "--check"]);
  expect(stderr).toMatch(/SyntaxError: Expression expected \(at src\/events\/shop\.ts:\d+\)/);
  writeFileSync(join(app, "src/events/shop.ts"), source);
  // With two modules somebody has to.
  await write("module", "library", ...more);
  expect(await run([charterProgram, "new", "consumer", "other", "--yes", ...more])).toMatchObject({
    code: 2,
    stderr: "charter: Nobody said the module whose it is, one of shop, library. Give --module <name>.\n",
  });
});
