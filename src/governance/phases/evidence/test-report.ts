/** What a run of tests said: vitest's JSON, or JUnit's XML as vitest and pytest write it. */

import { readFile } from "node:fs/promises";
import { InputError } from "../../errors.ts";

export type Outcome = "passed" | "failed" | "skipped";

export interface TestReport {
  /** As it was given. */
  readonly path: string;
  /** How a test ended; null: it was not run. @param file from the root of the project */
  outcomeOf(file: string, title: string): Outcome | null;
  /** Tests that failed, in these files. */
  failedIn(files: readonly string[]): readonly string[];
}

interface Case {
  /** Path or dotted name, as the report has it. */
  readonly file: string;
  /** With the names of suites around it. */
  readonly title: string;
  readonly outcome: Outcome;
}

/** @throws {InputError} there is no such file, or it is no report of tests */
export async function readTestReport(path: string): Promise<TestReport> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null)
    throw new InputError(
      `There is no ${path}. Write it with "vitest run --reporter=json --outputFile=${path}", or "pytest --junitxml=${path}".`,
    );
  return parseTestReport(text, path);
}

/** @throws {InputError} it is no report of tests */
export function parseTestReport(text: string, path: string): TestReport {
  return reportOfCases(path, text.trimStart().startsWith("<") ? casesOfXml(text) : casesOfJson(text, path));
}

function reportOfCases(path: string, cases: readonly Case[]): TestReport {
  if (cases.length === 0)
    throw new InputError(`${path} names no test. Expected vitest's JSON or JUnit's XML.`);
  return {
    path,
    outcomeOf(file, title) {
      const found = cases.filter((one) => isSameFile(one.file, file) && isSameTest(one.title, title));
      if (found.length === 0) return null;
      if (found.some(({ outcome }) => outcome === "failed")) return "failed";
      return found.some(({ outcome }) => outcome === "passed") ? "passed" : "skipped";
    },
    failedIn: (files) =>
      cases
        .filter(({ file, outcome }) => outcome === "failed" && files.some((path) => isSameFile(file, path)))
        .map(({ file, title }) => `${file}: ${title}`),
  };
}

/** A path from the root, an absolute one, or the dotted name of pytest with a class behind it. */
function isSameFile(reported: string, file: string): boolean {
  if (reported === file || reported.endsWith(`/${file}`)) return true;
  const dotted = file.replace(/\.py$/, "").replaceAll("/", ".");
  return file.endsWith(".py") && `.${reported}.`.includes(`.${dotted.split(".").slice(-2).join(".")}.`);
}

/** The report has the names of suites before it, or the values of a row in it. */
function isSameTest(reported: string, title: string): boolean {
  if (reported === title || reported.endsWith(` ${title}`) || reported.endsWith(`> ${title}`)) return true;
  if (reported.startsWith(`${title}[`)) return true;
  if (!/[%$]/.test(title)) return false;
  const pieces = title
    .split(/%[sdifjo#%]|\$[\w.]+/)
    .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(?:^|[ >])${pieces.join(".*")}$`).test(reported);
}

interface VitestReport {
  readonly testResults?: readonly {
    readonly name?: string;
    readonly assertionResults?: readonly {
      readonly fullName?: string;
      readonly title?: string;
      readonly status?: string;
    }[];
  }[];
}

function casesOfJson(text: string, path: string): readonly Case[] {
  let report: VitestReport;
  try {
    report = JSON.parse(text) as VitestReport;
  } catch {
    throw new InputError(`${path} is neither JSON nor XML. Expected vitest's JSON or JUnit's XML.`);
  }
  return (report.testResults ?? []).flatMap(({ name, assertionResults }) =>
    (assertionResults ?? []).map(({ fullName, title, status }) => ({
      file: (name ?? "").replaceAll("\\", "/"),
      title: fullName ?? title ?? "",
      outcome: status === "passed" ? "passed" : status === "failed" ? "failed" : "skipped",
    })),
  );
}

function casesOfXml(text: string): readonly Case[] {
  const cases: Case[] = [];
  for (const [, attributes = "", end, body = ""] of text.matchAll(
    /<testcase\b([^>]*?)(?:(\/)>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    const value = (name: string) => unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    const inner = end === "/" ? "" : body;
    cases.push({
      file: (value("file") || value("classname")).replaceAll("\\", "/"),
      title: value("name"),
      outcome: /<(?:failure|error)\b/.test(inner)
        ? "failed"
        : /<skipped\b/.test(inner)
          ? "skipped"
          : "passed",
    });
  }
  return cases;
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const unescaped = (text: string) =>
  text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return entities[name] ?? whole;
  });
