/**
 * One statement by the extended protocol, as Neon's proxy runs it: unnamed, parsed anew each time, everything as text.
 * pg's own query makes values and objects of the answer, which are not wanted here; that was a quarter of a request.
 *
 * Source: https://github.com/neondatabase/neon (libs/proxy/tokio-postgres2/src/query.rs)
 */

import pg from "pg";

/** In Postgres' text format. */
export type TextRow = readonly (string | null)[];

export interface TextResult {
  readonly fields: readonly pg.FieldDef[];
  readonly rows: readonly TextRow[];
  /** As `SELECT 1` begins; null: the statement was empty. */
  readonly command: string | null;
  /** Null: the command has none. */
  readonly rowCount: number | null;
}

/** The tag of a finished command: its name, for INSERT an object id that is always 0, and how many rows. */
const commandTag = /^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/;

/** What pg calls while the answer comes, as it does for its own query. */
class TextQuery extends pg.Query {
  readonly #text: string;
  readonly #params: readonly (string | null)[];
  readonly #resolve: (result: TextResult) => void;
  readonly #reject: (error: Error) => void;
  readonly #rows: TextRow[] = [];
  #fields: readonly pg.FieldDef[] = [];
  #tag = "";

  constructor(
    text: string,
    params: readonly (string | null)[],
    resolve: (result: TextResult) => void,
    reject: (error: Error) => void,
  ) {
    super(text);
    this.#text = text;
    this.#params = params;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override submit = (connection: pg.Connection): null => {
    const { stream } = connection;
    // One write for all of it.
    stream.cork();
    connection.parse({ name: "", text: this.#text, types: [] }, true);
    connection.bind({ values: [...this.#params] }, true);
    connection.describe({ type: "P" }, true);
    connection.execute({}, true);
    connection.sync();
    stream.uncork();
    return null;
  };

  handleRowDescription({ fields }: { readonly fields: readonly pg.FieldDef[] }): void {
    this.#fields = fields;
  }

  handleDataRow({ fields }: { readonly fields: TextRow }): void {
    this.#rows.push(fields);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#tag = text;
  }

  handleEmptyQuery(): void {
    // It has no tag.
  }

  handleReadyForQuery(): void {
    const [, command = null, first, second] = commandTag.exec(this.#tag) ?? [];
    const count = second ?? first;
    this.#resolve({
      fields: this.#fields,
      rows: this.#rows,
      command,
      rowCount: count === undefined ? null : Number(count),
    });
  }

  handleError(error: Error): void {
    this.#reject(error);
  }
}

/** @throws pg.DatabaseError what Postgres said; Error the connection is lost */
export function queryText(
  client: pg.ClientBase,
  text: string,
  params: readonly (string | null)[] = [],
): Promise<TextResult> {
  return new Promise((resolve, reject) => {
    client.query(new TextQuery(text, params, resolve, reject));
  });
}
