import type { Tx } from "@brain/engine";
import { eq, sql } from "drizzle-orm";
import { versionNumber } from "../webpages/preview.ts";
import { stagings } from "./tables.ts";

/** The address of a course's staged pages. What is in it that nobody can guess is its token. */

/**
 * 160 random bits as 40 letters from a to p. Letters only: the address travels in events, and a run of digits there
 * could look like a telephone number.
 */
export function newStagingToken(): string {
  const letter = (half: number) => String.fromCharCode(97 + half);
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return Array.from(bytes, (byte) => letter(byte >> 4) + letter(byte & 15)).join("");
}

export const stagingTokenShape = /^[a-p]{40}$/;

/** Gives a course a token if it has none, and gives the one that it has. */
export const keepStagingToken = (tx: Tx, courseId: string, at: string) =>
  tx
    .insert(stagings)
    .values({ courseId, token: newStagingToken(), givenAt: at })
    // Written as it is, so that the statement returns it.
    .onConflictDoUpdate({ target: stagings.courseId, set: { token: sql`${stagings.token}` } })
    .returning({ token: stagings.token });

/** The token of a course; it gets one if it has none. */
export async function stagingToken(tx: Tx, courseId: string, at: string): Promise<string> {
  const [row] = await keepStagingToken(tx, courseId, at);
  if (row === undefined) throw new Error("Postgres kept a token and returned none.");
  return row.token;
}

/** A new token; addresses with the old one lead nowhere from now on. */
export async function renewStagingToken(tx: Tx, courseId: string, at: string): Promise<string> {
  const token = newStagingToken();
  await tx.delete(stagings).where(eq(stagings.courseId, courseId));
  await tx.insert(stagings).values({ courseId, token, givenAt: at });
  return token;
}

/** Path of the staged pages of a version, e.g. `/staging/{course_id}/{token}/v1/`. */
export function stagingPath(courseId: string, token: string, version: number): string {
  return `/staging/${courseId}/${token}/v${version}/`;
}

/**
 * Address of the staged pages.
 *
 * @param publicUrl origin under which this product is reached; null: nobody said, so the staging domain must lead here
 * @param version of the course, e.g. `1.0.0`
 */
export function stagingAddress(
  where: { readonly publicUrl: string | null; readonly domain: string },
  courseId: string,
  token: string,
  version: string,
): string {
  const path = stagingPath(courseId, token, versionNumber(version));
  return new URL(path, where.publicUrl ?? `https://${where.domain}`).href;
}
