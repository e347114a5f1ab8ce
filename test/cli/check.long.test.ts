import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { waitFor } from "../wait-for.ts";
import { charterProgram } from "./charter-program.ts";

/* `charter check` as a program, over small projects of its own. It needs no server. */

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function check(folder: string, ...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [charterProgram, "check", ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const definition = (name: string) =>
  `import { defineModule } from "@brain/engine";\n\nexport const ${name} = defineModule({ name: "${name}", events: [] });\n`;

const wrong = 'import { pay } from "../payment/service.ts";\n\nexport const buy = () => pay();\n';

/** Two modules; one imports the other. */
const shop: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "shop", "type": "module" }\n',
  "src/payment/index.ts": definition("payment"),
  "src/payment/service.ts": "export const pay = () => 1;\n",
  "src/orders/index.ts": definition("orders"),
  "src/orders/service.ts": wrong,
};

async function project(files: Readonly<Record<string, string>> = shop): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "brain-check-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** What the rule finds that these projects break; they have no documents and tests, which is not what is looked at here. */
const one = ["--rule", "11.1"];

test("findings end with 100, and say file, line, what, why and how to mend", async () => {
  const folder = await project();
  const found = await check(folder, ...one);
  expect(found).toEqual({
    code: 100,
    stdout: expect.stringMatching(
      /^src\/orders\/service\.ts:1:1 {2}error {2}11\.1\n {2}orders imports "\.\.\/payment\/service\.ts".*\n {2}why: {2}.+\n {2}mend: .+\n$/,
    ),
    stderr: "charter check: 1 error (2 modules in 5 files).\n",
  });
  expect(await check(folder, "src/payment", ...one)).toEqual({
    code: 0,
    stdout: "",
    stderr: "charter check: nothing found (2 modules in 5 files).\n",
  });
  const json = await check(folder, "src/orders/service.ts", "--format", "json", ...one);
  expect(JSON.parse(json.stdout).findings).toMatchObject([
    { rule: "11.1", file: "src/orders/service.ts", line: 1 },
  ]);
});

test("what is given wrong ends with 2, and the message says what to do", async () => {
  const folder = await project();
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["nowhere"], /There is no nowhere\. Give a folder/],
    [["--rule", "X-99"], /There is no rule "X-99".*--list/],
    [["--rule", ","], /Expected ids joined by commas/],
    [["--format", "xml"], /Allowed choices are human, json, sarif, github/],
    [["--since", "HEAD"], /git cannot tell what changed since "HEAD"/],
    [["--baseline", "none.json"], /There is no baseline none\.json.*--write-baseline/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await check(folder, ...args);
    expect({ args, code, stderr }).toEqual({ args, code: 2, stderr: expect.stringMatching(message) });
  }
  await writeFile(join(folder, "charter-baseline.json"), "{}");
  expect(await check(folder, ...one)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("is no baseline"),
  });
});

test.each([
  [
    ["--write-baseline", "--baseline", "nowhere/kept.json"],
    /nowhere\/kept\.json cannot be written \(ENOENT\)\. Expected a file in a folder that is there/,
  ],
  [["--write-baseline", "--baseline", "src"], /src cannot be written \(EISDIR\)\. Expected a file/],
  [["--baseline", "src"], /src cannot be read \(EISDIR\)\. Expected a file/],
])("a baseline at a path that takes none is a mistake of the caller: %j", async (args, told) => {
  const { code, stderr } = await check(await project(), ...one, ...args);
  expect(stderr).toMatch(told);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(code).toBe(2);
});

test("a baseline is written over an earlier one, and over no other file without --force", async () => {
  const folder = await project();
  const named = [...one, "--write-baseline", "--baseline"];
  await writeFile(join(folder, "notes.txt"), "mine");
  const refused = await check(folder, ...named, "notes.txt");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/is not a baseline: .*--force/) });
  expect(await readFile(join(folder, "notes.txt"), "utf8")).toBe("mine");
  for (const args of [["notes.txt", "--force"], ["notes.txt"], ["new.json"], ["new.json"]])
    expect(await check(folder, ...named, ...args), args.join(" ")).toMatchObject({ code: 0 });
});

test("a baseline holds back what was there before, and nothing that comes", async () => {
  const folder = await project();
  expect(await check(folder, ...one, "--write-baseline")).toMatchObject({ code: 0 });
  expect(await check(folder, ...one)).toMatchObject({
    code: 0,
    stderr: "charter check: nothing found, 1 known from the baseline (2 modules in 6 files).\n",
  });
  // Of a part nobody can say that the rest is gone.
  expect((await check(folder, ...one, join(folder, "src/payment"))).stderr).not.toContain("gone");
  await writeFile(join(folder, "src/orders/more.ts"), `// later\n${wrong}`);
  const { code, stdout } = await check(folder, ...one);
  expect([code, stdout.split("  ")[0]]).toEqual([100, "src/orders/more.ts:2:1"]);
  await rm(join(folder, "src/orders/service.ts"));
  await rm(join(folder, "src/orders/more.ts"));
  expect((await check(folder, ...one)).stderr).toContain("1 of the baseline are gone");
});

test("--list names every rule, --explain shows the page of one, and nothing is judged", async () => {
  const folder = await project();
  const list = await check(folder, "--list");
  expect(list.code).toBe(0);
  expect(list.stdout).toMatch(/^11\.1 +error +A module does not import another one$/m);
  const page = await check(folder, "--explain", "11.1");
  expect([page.code, page.stdout]).toEqual([0, expect.stringMatching(/^# 11\.1: .*## Wrong.*## Right/s)]);
  expect(await check(folder, "--explain", "../../../package")).toMatchObject({ code: 2 });
});

test("--watch judges again when a file changes", async () => {
  const folder = await project();
  const child: ChildProcess = spawn(process.execPath, [charterProgram, "check", ...one, "--watch"], {
    cwd: folder,
  });
  onTestFinished(async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const hears = (text: string) =>
    waitFor(
      text,
      () => said,
      (heard) => heard.includes(text),
    );
  await hears("1 error (2 modules in 5 files). Watching");
  await writeFile(join(folder, "src/orders/service.ts"), "export const buy = () => 1;\n");
  await hears("nothing found (2 modules in 5 files). Watching");
});

test("what cannot be judged is no folder in which nothing was found", async () => {
  const nothing = await check(await project({ "notes.txt": "nothing" }));
  expect(nothing).toMatchObject({ code: 1, stdout: "" });
  expect(nothing.stderr).toContain("has no source and no document that could be judged");
  const broken = await check(await project({ ...shop, "package.json": "{ nothing" }));
  expect(broken).toMatchObject({ code: 1, stdout: "" });
  expect(broken.stderr).toMatch(/package\.json cannot be read: .*JSON/);
  const noModule = await check(await project({ "src/a.ts": "export const a = 1;\n" }));
  expect(noModule.stderr).toBe("charter check: nothing found (no module in 1 file).\n");
  const noGit = await check(await project(), "--staged");
  expect(noGit).toMatchObject({ code: 2, stdout: "" });
  expect(noGit.stderr).toContain("not a git repository");
});

test("a file that is none of its language stops nobody", async () => {
  const broken = {
    ...shop,
    "src/orders/broken.ts": 'import { } from "../payment/index.ts" }}} defineEvent(',
  };
  expect((await check(await project(broken), ...one)).stdout).toContain("src/orders/broken.ts:1:1");
});
