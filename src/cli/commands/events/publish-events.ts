import { createReadStream } from "node:fs";
import { readJson } from "@brain/schemas";
import type { Cli } from "../../command.ts";
import { CliError, UsageError } from "../../errors.ts";
import { fileError } from "../../file-errors.ts";
import { partsOf } from "../../file-parts.ts";
import { printable } from "../../output.ts";
import { textOfFile } from "../../text-file.ts";

/* What `charter publish` does. It reads JSON by the rules of the server, so it is loaded when it is asked for. */

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

export interface OneEvent {
  readonly payload?: string;
  readonly tenant?: string;
  readonly id?: string;
  readonly source?: string;
}

/** @throws {UsageError} the payload is no JSON */
export async function publishOne({ client, out }: Cli, type: string, options: OneEvent): Promise<void> {
  const { payload = "", tenant, id, source } = options;
  const event = { type, payload: payloadOf(payload), tenant_id: tenant, id, source };
  const answer = await client.post<Published>("/api/events", event);
  if (out.json) return out.data(answer);
  tell(out, answer);
  out.note(`Who handles it: charter try ${answer.id}`);
}

/** Read here only to tell it from what a shell made of it; what it has to hold the server knows. */
function payloadOf(text: string): unknown {
  const read = readJson(text);
  if (read.ok) return read.value;
  throw new UsageError(
    `The payload cannot be read. Expected an object of JSON, in single quotes so that the shell leaves it alone: ${read.faults[0].message}`,
  );
}

function tell(out: Cli["out"], { status, id, type, first_seen_at }: Published): void {
  const before = first_seen_at === undefined ? "" : `, first seen ${first_seen_at}`;
  out.line(printable(`${status.padEnd(12)}  ${id}  ${type}${before}`));
}

/** @throws {UsageError} there is no event in it */
export async function publishFile({ client, out }: Cli, file: string): Promise<void> {
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
