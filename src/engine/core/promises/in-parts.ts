import { TooMuchAtOnceError } from "../errors.ts";

/*
 * What is more than a service takes or hands on at once is done in smaller parts. What was too much to be taken was not done;
 * where the answer was, it may have been, so what runs here must be safe to repeat.
 */

/** Reads at most `limit`, or as many fewer as fit into one answer; one at least. @param read is told how many */
export async function withFewer<T>(limit: number, read: (most: number) => Promise<T>): Promise<T> {
  try {
    return await read(limit);
  } catch (error) {
    if (!(error instanceof TooMuchAtOnceError) || limit <= 1) throw error;
    return withFewer(Math.ceil(limit / 2), read);
  }
}

/** Does something with all items, or with one half and then the other. @returns what came of each part, in order */
export async function inHalves<Item, T>(
  items: readonly Item[],
  run: (part: readonly Item[]) => Promise<T>,
): Promise<T[]> {
  try {
    return [await run(items)];
  } catch (error) {
    if (!(error instanceof TooMuchAtOnceError) || items.length <= 1) throw error;
    const middle = Math.ceil(items.length / 2);
    const first = await inHalves(items.slice(0, middle), run);
    return [...first, ...(await inHalves(items.slice(middle), run))];
  }
}
