import { createReadStream } from "node:fs";
import { readJson } from "@brain/schemas";
import { type Command, InvalidArgumentError } from "commander";
import { type Cli, cliOf } from "../../command.ts";
import { CliError, UsageError } from "../../errors.ts";
import { fileError } from "../../file-errors.ts";
import { printable } from "../../output.ts";
import { textOfFile } from "../../text-file.ts";
import { partsOf } from "../tasks/file.ts";

interface Options {
  readonly payload?: unknown;
  readonly file?: string;
  readonly tenant?: string;
  readonly id?: string;
  readonly source?: string;
}

interface Published {
  readonly status: "accepted" | "deduplicated";
  readonly id: string;
  readonly type: string;
  readonly first_seen_at?: string;
}

interface Refused {
  readonly status: "rejected";
  readonly id: string | null;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: readonly { readonly path: string; readonly message: string }[];
  };
}

interface BatchAnswer {
  readonly accepted: number;
  readonly deduplicated: number;
  readonly rejected: number;
  readonly results: readonly ({ readonly index: number } & (Published | Refused))[];
}

/** What one request takes. */
const maxBatch = 1_000;
const maxFileBytes = 64 * 1024 * 1024;

/** `charter publish`: events by hand, as any program hands them in: by `POST /api/events` and `/api/events/batch`. */
export function addPublish(program: Command): void {
  program
    .command("publish [type]")
    .description("publish an event, or those of a file; the server judges them as those of any program")
    .option("--payload <json>", 'of the event, e.g. \'{"book_id":"b-1"}\'', payload)
    .option("--tenant <id>", "whose event it is; default: that of the key")
    .option("--id <uuid>", "of the event; handed in twice under one id, it is published once")
    .option("--source <name>", "what published it; default: as the server says")
    .option(
      "-f, --file <path>",
      "whole events instead: one, a JSON array, or one a line; - is standard input. Each is taken or refused on its own",
    )
    .action(async (type: string | undefined, options: Options, command: Command) => {
      const { file, ...ofOne } = options;
      const isOne = type !== undefined || Object.keys(ofOne).length > 0;
      if (isOne && file !== undefined)
        throw new UsageError("A file has whole events: give either --file, or the type with its --payload.");
      if (file !== undefined) return publishFile(cliOf(command), file);
      if (type === undefined || ofOne.payload === undefined) {
        const what = type === undefined ? "No type was given" : "No payload was given";
        throw new UsageError(
          `${what}. Expected a type and --payload, or --file. "charter catalog" tells the types, and the console an example of each.`,
        );
      }
      await publishOne(cliOf(command), type, ofOne);
    });
}

/** Read here only to tell it from what a shell made of it; what it has to hold the server knows. */
function payload(text: string): unknown {
  const read = readJson(text);
  if (read.ok) return read.value;
  throw new InvalidArgumentError(
    `Expected an object of JSON, in single quotes so that the shell leaves it alone: ${read.faults[0].message}`,
  );
}

async function publishOne({ client, out }: Cli, type: string, options: Omit<Options, "file">): Promise<void> {
  const { payload: given, tenant, id, source } = options;
  const event = { type, payload: given, tenant_id: tenant, id, source };
  const answer = await client.post<Published>("/api/events", event);
  if (out.json) return out.data(answer);
  tell(out, answer);
  out.note(`Who handles it: charter try ${answer.id}`);
}

function tell(out: Cli["out"], { status, id, type, first_seen_at }: Published): void {
  const before = first_seen_at === undefined ? "" : `, first seen ${first_seen_at}`;
  out.line(printable(`${status.padEnd(12)}  ${id}  ${type}${before}`));
}

async function publishFile({ client, out }: Cli, file: string): Promise<void> {
  const name = file === "-" ? "standard input" : file;
  const text = textOfFile(name, await bytesOf(file, name));
  if (text.trim() === "")
    throw new UsageError(`${name} is empty. Expected one event, a JSON array, or one a line.`);
  const results: BatchAnswer["results"][number][] = [];
  for (const part of requestsOf(text)) {
    const answer = await client
      .postItems<BatchAnswer>("/api/events/batch", "application/x-ndjson", part.text)
      .catch((error: unknown) => {
        if (results.length > 0) out.note(`The first ${results.length} events were handed in before this.`);
        throw error;
      });
    const before = results.length;
    for (const result of answer.results) {
      const moved = { ...result, index: result.index + before };
      results.push(moved);
      if (out.json) continue;
      if (moved.status === "rejected") tellRefused(out, moved);
      else tell(out, moved);
    }
  }
  const count = (status: string) => results.filter((result) => result.status === status).length;
  const sums = {
    accepted: count("accepted"),
    deduplicated: count("deduplicated"),
    rejected: count("rejected"),
  };
  if (out.json) out.data({ ...sums, results });
  if (sums.rejected > 0) {
    throw new CliError(
      `${sums.rejected} of ${results.length} events were refused; the others are published. Mend those, and hand the file in again: with an id an event is published once.`,
    );
  }
}

function tellRefused(out: Cli["out"], { index, error }: Refused & { readonly index: number }): void {
  out.line(printable(`${"rejected".padEnd(12)}  event ${index + 1}: ${error.message} (${error.code})`));
  for (const { path, message } of error.details) out.line(printable(`  ${path || "event"}: ${message}`));
}

/** One event over several lines is one line; the server tells what is no JSON. */
function requestsOf(text: string): readonly { readonly text: string }[] {
  const whole = readJson(text.replace(/^\uFEFF/, ""));
  if (whole.ok && !Array.isArray(whole.value)) return [{ text: JSON.stringify(whole.value) }];
  return partsOf(text, maxBatch);
}

/** @throws {UsageError} it cannot be read, or holds too much */
async function bytesOf(file: string, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of file === "-" ? process.stdin : createReadStream(file)) {
      size += (chunk as Uint8Array).length;
      if (size > maxFileBytes) break;
      chunks.push(chunk as Uint8Array);
    }
  } catch (error) {
    throw fileError(`${name} cannot be read`, error);
  }
  if (size <= maxFileBytes) return Buffer.concat(chunks);
  throw new UsageError(`${name} holds more than 64 MiB. Nothing of it was sent; hand it in in parts.`);
}
