/**
 * Whether a Postgres session leaves something to the next one on its connection: settings, temporary tables, locks,
 * prepared statements, cursors, listeners. Only then `DISCARD ALL` is paid, which is a round trip and throws away all
 * plans; a guess too many costs that and nothing else. Neon resets nothing, neither over HTTP nor in its pooler.
 *
 * What sequences gave (`currval`, `lastval`) is not looked at: whoever asks for it has drawn a number before.
 *
 * Source: https://www.postgresql.org/docs/current/sql-discard.html
 */

/** A setting for the transaction alone, all of it written out but the value; whatever else has its name may be for the session. */
const localSetting = /\bset_config\('[a-z_.]+', (?:'[^'\\]*'|\$\d+), true\)/gi;

/**
 * How statements begin that leave nothing, unless {@link leaving} is in them. White space and plain comments may stand
 * in front. Whatever else a statement is, it may leave something.
 */
const harmless =
  /^(?:\s|--[^\n]*\n|\/\*[^*/]*\*\/)*(?:$|(?:select|insert|update|delete|merge|with|values|begin|start|commit|end|rollback|abort|savepoint|release|lock|show|set\s+local)(?![\w$]))/i;

/** In a harmless beginning: temporary tables, locks and settings of the session, and names and queries written otherwise. */
const leaving = /\b(?:pg_temp|temp(?:orary)?\b)|advisory_lock|set_config|pg_settings|_to_xml|u&"/i;

/**
 * Whether one of the statements in `text` may leave something in its session. Where a statement ends is not known
 * without reading it as Postgres does; so each semicolon counts as an end, and what stands behind one in a text or a
 * comment as a statement of its own.
 */
export function mayLeaveState(text: string): boolean {
  if (leaving.test(text) && leaving.test(text.replace(localSetting, ""))) return true;
  return text.includes(";")
    ? !text.split(";").every((statement) => harmless.test(statement))
    : !harmless.test(text);
}

/** Parts of the messages by which a client asks for something; all others of them leave nothing. */
const [QUERY, PARSE, FUNCTION_CALL] = ["Q", "P", "F"];

/**
 * The same for a message of a client, `payload` being what follows its length. Null stands for a payload that came in
 * pieces.
 *
 * Source: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function messageMayLeaveState(type: string, payload: Buffer | null): boolean {
  if (type === FUNCTION_CALL) return true;
  if (type !== QUERY && type !== PARSE) return false;
  if (payload === null) return true;
  // A statement with a name stays until the session ends.
  if (type === PARSE && payload[0] !== 0) return true;
  const from = type === PARSE ? 1 : 0;
  // All that is looked for is ASCII.
  return mayLeaveState(payload.toString("latin1", from, payload.indexOf(0, from)));
}

/** Functions of Postgres that leave something in the session, or run a statement that they are given. */
const leavingFunctions = [
  "set_config",
  ...["pg_advisory_lock", "pg_try_advisory_lock"].flatMap((name) => [name, `${name}_shared`]),
  ...["query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema"],
];

/**
 * A row, with its name, for each thing in the database that may leave something in the session of whoever uses it; no
 * text says that.
 *
 * First the functions that are called, or run by a trigger. Those in C are those of extensions. Texts are looked at like
 * those of clients, but a function is kept in one piece; what it executes is not known. A setting for the transaction
 * alone may have its value from a variable.
 *
 * Then views and rules, defaults, constraints, policies and conditions of triggers, for what Postgres itself brings. Their
 * parsed form is looked at, in which functions and tables are numbers: to give the text of a view, Postgres would wait for
 * locks on its tables. What everybody may make has numbers from 16384 on.
 *
 * Source: https://github.com/postgres/postgres/blob/master/src/include/access/transam.h (FirstNormalObjectId)
 */
export const leavingFunctionsQuery = `SELECT p.proname::text AS name
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
AND CASE WHEN l.lanname IN ('sql', 'plpgsql')
  THEN regexp_replace(COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc),
      '\\mset_config\\(''[a-z_.]+'', [a-z_]+, true\\)', '', 'gi')
    ~* '\\m(pg_temp|temp(orary)?\\M)|advisory_lock|set_config|pg_settings|_to_xml|u&"|\\m(execute|prepare|listen|load|discard|reset|dblink\\w*)\\M|with\\s+hold|(^|;|\\m(begin|then|else|loop)\\M|\\*/|--[^\\n]*\\n)\\s*set\\M'
  ELSE l.lanname NOT IN ('c', 'internal') END
UNION ALL
SELECT name FROM (
  SELECT rulename::text AS name, concat(ev_action, ev_qual) AS tree FROM pg_catalog.pg_rewrite WHERE ev_class >= 16384
  UNION ALL SELECT 'a default', adbin::text FROM pg_catalog.pg_attrdef WHERE adrelid >= 16384
  UNION ALL SELECT conname::text, conbin::text FROM pg_catalog.pg_constraint WHERE contype = 'c' AND oid >= 16384
  UNION ALL SELECT polname::text, concat(polqual, polwithcheck) FROM pg_catalog.pg_policy
  UNION ALL SELECT tgname::text, tgqual::text FROM pg_catalog.pg_trigger WHERE tgqual IS NOT NULL
  UNION ALL SELECT typname::text, typdefaultbin::text FROM pg_catalog.pg_type WHERE typdefaultbin IS NOT NULL AND oid >= 16384
) stored WHERE tree ~ (
  SELECT 'funcid (' || string_agg(oid::text, '|') || ') |:relid ' || 'pg_catalog.pg_settings'::regclass::oid || ' '
  FROM pg_catalog.pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
    AND proname IN (${leavingFunctions.map((name) => `'${name}'`).join(", ")}))
LIMIT 1`;

/** Short enough for a person who makes a function and calls it; the look takes a few milliseconds. */
const knownMs = 2_000;

/** What is known of one database. */
interface Known {
  /** What the last look found; null: nobody knows, or not any more. */
  found: { readonly some: boolean; readonly until: number } | null;
  /** Sessions that may have made such a function and are not over. */
  doubtful: number;
  /** Changes when a look that has begun says nothing any more. */
  generation: number;
}

/** What was found by {@link leavingFunctionsQuery} in each database. Somebody may make such a function over another door. */
export class LeavingFunctions {
  readonly #known = new Map<string, Known>();

  #of(database: string): Known {
    const known = this.#known.get(database) ?? { found: null, doubtful: 0, generation: 0 };
    this.#known.set(database, known);
    return known;
  }

  /** Whether the database has some; null: not known, or not any more. */
  in(database: string): boolean | null {
    const { found } = this.#of(database);
    return found !== null && performance.now() < found.until ? found.some : null;
  }

  /** A look begins. @returns takes what it found; that counts unless somebody may have made a function meanwhile */
  look(database: string): (some: boolean) => void {
    const known = this.#of(database);
    const { generation } = known;
    return (some) => {
      if (known.doubtful > 0 || known.generation !== generation) return;
      known.found = { some, until: performance.now() + knownMs };
    };
  }

  /** A session does what may leave something, so it may also make a function that does. */
  doubt(database: string): void {
    this.#change(database, 1);
  }

  /** Such a session is over, and what it did is committed or came to nothing. */
  settle(database: string): void {
    this.#change(database, -1);
  }

  #change(database: string, by: 1 | -1): void {
    const known = this.#of(database);
    known.doubtful += by;
    known.generation += 1;
    known.found = null;
  }
}
