/**
 * The guardrails of the repository, tried by running their own steps on a copy of it: the workflow's on a branch that
 * changes something, the hook's on a commit. What they say is read from their files.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { parse } from "yaml";
import { createOverlay, type Overlay } from "../readme/overlay.ts";

const names = [
  "schemas",
  "src",
  "workers",
  "migrations",
  "test",
  "tools",
  ".github",
  ".gitignore",
  "biome.json",
  "drizzle.config.ts",
  "lefthook.yml",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "vitest.config.ts",
];

interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Only what hangs ends by it: each of them starts compilers and tests of its own. */
const timeLimitMs = 400_000;

let overlay: Overlay;

function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { redisUrl, databaseUrl } = inject("services");
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      {
        cwd: overlay.folder,
        maxBuffer: 64 * 1024 * 1024,
        env: {
          PATH: process.env.PATH,
          HOME: overlay.folder,
          NO_COLOR: "1",
          REDIS_URL: redisUrl,
          DATABASE_URL: databaseUrl,
          ...env,
        },
      },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
    );
  });
}

async function git(...args: readonly string[]): Promise<void> {
  const identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"];
  const { code, output } = await run("git", [...identity, ...args], {
    // A hook that was tried is installed, too; these commits are not what is tried.
    LEFTHOOK: "0",
  });
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${output}`);
}

/** The command of the workflow's step for a change, as it is written there. */
async function stepOfWorkflow(): Promise<string> {
  const workflow = parse(await readFile(join(overlay.folder, ".github/workflows/ci.yml"), "utf8"));
  const step = workflow.jobs.guard.steps.find(({ name }: { readonly name?: string }) => name === "Guard");
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub fills it in.
  expect(step.env.BASE).toBe("origin/${{ github.base_ref }}");
  return step.run;
}

const guardChange = async () =>
  run("bash", ["-eo", "pipefail", "-c", await stepOfWorkflow()], { BASE: "trunk", CI: "true" });

vi.setConfig({ testTimeout: timeLimitMs, hookTimeout: timeLimitMs });

beforeAll(async () => {
  overlay = await createOverlay(names);
  // The packages of the copy are those of its lock file: what npm would note when it installs them.
  const lock = await readFile(join(overlay.folder, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex");
  await writeFile(join(overlay.folder, "node_modules/.brain-lock-hash"), hash);
  await git("init", "-q", "-b", "trunk");
  await git("add", "-A");
  await git("commit", "-qm", "as it is");
  await git("checkout", "-qb", "change");
});
afterAll(async () => {
  vi.resetConfig();
  await overlay?.remove();
});

test("a change that is fine passes, and the idempotency tests of the module that it touches were run", async () => {
  const path = "src/modules/agents/consumer.ts";
  await overlay.write(path, `${await readFile(join(overlay.folder, path), "utf8")}\n// A remark.\n`);
  await git("commit", "-qam", "a remark");
  const { code, output } = await guardChange();
  expect(code, output).toBe(0);
  expect(output).toContain("charter guard: rules, lines added since trunk: nothing found");
  expect(output).toContain("charter guard: events, against trunk:");
  expect(output).toMatch(/charter guard: idempotency: test\/modules\/agents\/events\.test\.ts\n/);
  expect(output).toMatch(/Tests +\d+ passed/);
  expect(output).toContain("charter guard: idempotency: passed.");
});

test("a change that breaks a rule and an event is refused, with the lines that it added", async () => {
  const service = "src/modules/webhooks/service.ts";
  const before = await readFile(join(overlay.folder, service), "utf8");
  await overlay.write(
    service,
    `${before}\nimport "../payment/index.ts";\nexport const EVENT_STREAM_AVAILABLE = true;\n`,
  );
  await overlay.insertBehind(
    "schemas/events/mission.ts",
    'export const missionCreated = defineEvent("mission.created", {\n  version: 1,\n  module,\n  criticality: "INFO",\n  producers: ["mission_queue_manager"],\n  when: "A mission was recorded",\n  key: byMission,\n  payload: z.strictObject({\n',
    '    owner_id: id.describe("Who owns it."),\n',
  );
  await git("commit", "-qam", "planted");
  const { code, output } = await guardChange();
  expect(code, output).toBe(100);
  const lines = before.split("\n").length;
  expect(output).toContain(`::error file=${service},line=${lines + 1},`);
  expect(output).toMatch(new RegExp(`::error file=${service},line=${lines + 2},.*title=C1b`));
  expect(output).toMatch(/::error file=schemas\/events\/mission\.ts,line=\d+,.*owner_id/);
  await git("checkout", "-q", "trunk");
});

test("the hook of a commit refuses what it adds, and lets pass what it removes", async () => {
  await git("checkout", "-qb", "hook", "trunk");
  const path = "src/modules/webhooks/service.ts";
  const before = await readFile(join(overlay.folder, path), "utf8");
  const flag = "\nexport const EVENT_STREAM_AVAILABLE = true;\n";
  const hook = () => run(join(overlay.folder, "node_modules/.bin/lefthook"), ["run", "pre-commit"]);
  await overlay.write(path, before + flag);
  await git("add", "-A");
  const refused = await hook();
  expect(refused.code, refused.output).not.toBe(0);
  expect(refused.output).toContain(`${path}:${before.split("\n").length + 1}:`);
  await git("commit", "-qm", "planted, past the hook");
  await overlay.write(path, before);
  await git("add", "-A");
  const passed = await hook();
  expect(passed.code, passed.output).toBe(0);
});
