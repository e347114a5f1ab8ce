import { DatabaseError } from "@neondatabase/serverless";
import { DrizzleQueryError } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { classify } from "../core/classify.ts";
import { ConflictError, NotFoundError, PermanentError, TransientError } from "../core/errors.ts";
import {
  HttpSqlError,
  isMissingObject,
  knowErrorOfConnection,
  meetsAnyStatement,
  postgresDetail,
  sqlState,
  translateDatabaseError,
  violatedConstraint,
} from "./errors.ts";

const secret = "postgres://brain:hunter2-planted@db.example/brain";

knowErrorOfConnection(DatabaseError);

/** An error as it comes over HTTP. */
function postgres(code: string, fields: object = {}): HttpSqlError {
  return new HttpSqlError(`statement with ${secret} failed`, { code, ...fields });
}

/** The same over a connection. */
function onConnection(code: string): DatabaseError {
  return Object.assign(new DatabaseError(`statement with ${secret} failed`, 90, "error"), { code });
}

/** As drizzle wraps what a query throws: statement and parameters are in its message, and it sets no name. */
const wrap = (inner: Error) => new DrizzleQueryError("INSERT INTO t VALUES ($1)", [secret], inner);

describe("SQLSTATE", () => {
  test.each([
    ["08006", "connection failure"],
    ["08001", "cannot connect"],
    ["40001", "serialization failure"],
    ["40P01", "deadlock"],
    ["53300", "too many connections"],
    ["53200", "out of memory"],
    ["55P03", "lock not available"],
    ["55006", "object in use"],
    ["57P01", "admin shutdown"],
    ["57P03", "cannot connect now"],
    ["57014", "query cancelled"],
    ["58030", "I/O error"],
    ["25006", "read-only transaction"],
    ["28P01", "wrong password"],
    ["28000", "no such role"],
    ["3D000", "no such database"],
    ["25P02", "transaction aborted by an error that was not passed on"],
    ["42P01", "undefined table: the schema is behind the code"],
    ["42703", "undefined column: the schema is behind the code"],
    ["42883", "undefined function: the schema is behind the code"],
    ["42704", "undefined type: the schema is behind the code"],
    ["3F000", "undefined schema: the schema is behind the code"],
  ])("%s (%s) is transient", (code) => {
    const error = translateDatabaseError(postgres(code), "caller");
    expect(error).toBeInstanceOf(TransientError);
    expect(classify(error).kind).toBe("transient");
  });

  test.each([
    ["22P02", "invalid text representation"],
    ["23502", "not null violation"],
    ["23503", "foreign key violation"],
    ["23514", "check violation"],
    ["42601", "syntax error"],
    ["55000", "object not in prerequisite state"],
  ])("%s (%s) is permanent", (code) => {
    const error = translateDatabaseError(postgres(code), "caller");
    expect(error).toBeInstanceOf(PermanentError);
    expect(classify(error)).toEqual({ kind: "permanent", reason: "permanent_error" });
  });

  test("23505 is a conflict that names the constraint", () => {
    const error = translateDatabaseError(postgres("23505", { constraint: "courses_slug_key" }), "caller");
    expect(error).toBeInstanceOf(ConflictError);
    expect((error as Error).message).toContain("courses_slug_key");
    expect((translateDatabaseError(postgres("23505"), "caller") as Error).message).not.toContain(
      "constraint",
    );
  });

  test("is found below the wrappers of the driver and of drizzle", () => {
    expect(sqlState(wrap(wrap(postgres("40001"))))).toBe("40001");
    expect(sqlState(new HttpSqlError("x", {}, postgres("40001")))).toBe("40001");
    expect(violatedConstraint(wrap(postgres("23503", { constraint: "fk" })))).toBe("fk");
  });

  test("is read from both classes of the driver", () => {
    expect(sqlState(onConnection("40001"))).toBe("40001");
    expect(translateDatabaseError(wrap(onConnection("42703")), "caller")).toBeInstanceOf(TransientError);
  });

  test.each([
    [
      "42P01",
      'relation "loans" does not exist',
      /^Postgres: relation "loans" does not exist; the schema may be/,
    ],
    ["42P01", 'relation "shop.loans" does not exist', /relation "shop\.loans" does not exist;/],
    ["42703", 'column "due" of relation "loans" does not exist', /column "due" of relation "loans" does not/],
    ["42703", "column l.due does not exist", /column l\.due does not exist;/],
    [
      "42883",
      "function brain_record(text, text[]) does not exist",
      /brain_record\(text, text\[\]\) does not/,
    ],
    // In another language, or another form: nothing of it is passed on.
    ["42P01", `Relation »${secret}« existiert nicht`, /^Postgres: a table is missing; the schema may be/],
    ["42883", `operator does not exist: text = ${secret}`, /^Postgres: a function is missing;/],
  ])("%s names what is missing: %s", (code, message, expected) => {
    const error = translateDatabaseError(wrap(new HttpSqlError(message, { code })), "caller");
    expect((error as Error).message).toMatch(expected);
    expect((error as Error).message).not.toContain("hunter2");
  });

  test("42501 is transient when a right is not granted, and says on what", () => {
    const denied = { code: "42501", routine: "aclcheck_error" };
    const error = translateDatabaseError(
      wrap(new HttpSqlError("permission denied for table loans", denied)),
      "caller",
    );
    expect(error).toBeInstanceOf(TransientError);
    expect(isMissingObject(error)).toBe(true);
    expect((error as Error).message).toMatch(/^Postgres: permission denied for table loans; .*GRANT/);
    const other = translateDatabaseError(new HttpSqlError(`Zugriff verweigert: ${secret}`, denied), "caller");
    expect(other).toBeInstanceOf(TransientError);
    expect((other as Error).message).toMatch(/^Postgres: a right is not granted; .*GRANT/);
    expect((other as Error).message).not.toContain("hunter2");
  });

  test.each([
    ["a policy refuses a row", "ExecWithCheckOptions"],
    ["a function raises it", "exec_stmt_raise"],
  ])("42501 is permanent when %s: that is about the event", (_what, routine) => {
    const error = translateDatabaseError(postgres("42501", { routine }), "caller");
    expect(error).toBeInstanceOf(PermanentError);
    expect(isMissingObject(error)).toBe(false);
  });

  const system = (code: string) => Object.assign(new Error(code), { code });
  test.each([
    new Error("plain"),
    "text",
    null,
    undefined,
    { code: "ECONNRESET" },
    { code: 23505 },
    // Five capitals, and no SQLSTATE.
    system("EPIPE"),
    system("EBUSY"),
    system("E2BIG"),
  ])("is not read from %o", (error) => {
    expect(sqlState(error)).toBeNull();
    expect(violatedConstraint(error)).toBeNull();
  });

  test("is not sought for ever in a circle of causes", () => {
    const round: { cause?: unknown } = {};
    round.cause = round;
    expect(sqlState(round)).toBeNull();
  });

  test("an empty constraint name is none", () => {
    expect(violatedConstraint(postgres("23505", { constraint: "" }))).toBeNull();
  });
});

describe("errors without a SQLSTATE", () => {
  test("are a lost connection when only the driver can have thrown them", () => {
    for (const error of [new Error("Connection terminated"), { type: "error" }, "closed"]) {
      expect(translateDatabaseError(error, "driver")).toBeInstanceOf(TransientError);
    }
    for (const error of [
      wrap(new Error("Connection terminated unexpectedly")),
      wrap(wrap(new Error("socket"))),
      new Error("of the handler", { cause: wrap(new Error("socket")) }),
      new HttpSqlError("Error connecting to database"),
    ]) {
      const lost = translateDatabaseError(error, "caller");
      expect(lost).toBeInstanceOf(TransientError);
      expect(lost).toMatchObject({ backend: "postgres" });
    }
  });

  test("stay what they are when the code inside the transaction threw them", () => {
    const own = new RangeError("own");
    expect(translateDatabaseError(own, "caller")).toBe(own);
    expect(translateDatabaseError("text", "caller")).toBe("text");
    expect(translateDatabaseError(null, "caller")).toBeNull();
  });

  test("stay what they are when they are in the taxonomy already", () => {
    const known = new NotFoundError("no such course", { cause: postgres("40001") });
    expect(translateDatabaseError(known, "caller")).toBe(known);
    expect(translateDatabaseError(wrap(known), "caller")).toBe(known);
  });
});

test("lets no statement, parameter or connection string into a message, and keeps the original as the cause", () => {
  for (const code of ["40001", "23505", "42P01", "42601"]) {
    const original = postgres(code, { detail: `Key (email)=(${secret})` });
    const error = translateDatabaseError(original, "caller") as Error;
    expect(error.message).not.toContain("hunter2");
    expect(error.message).toContain(code);
    expect(error.cause).toBe(original);
  }
  const lost = translateDatabaseError(new Error(secret), "driver") as Error;
  expect(lost.message).not.toContain("hunter2");
});

describe("what Postgres said", () => {
  const saying = (code: string, message: string) => new HttpSqlError(message, { code });

  test.each([
    ["23502", 'null value in column "title" of relation "courses" violates not-null constraint'],
    ["42703", 'column "planted" does not exist'],
    ["22003", "integer out of range"],
  ])("is kept when it names no value (%s)", (code, message) => {
    expect(postgresDetail(wrap(saying(code, message)))).toBe(message);
  });

  test.each([
    ["22P02", 'invalid input syntax for type uuid: "planted"', 'invalid input syntax for type uuid: "…"'],
    ["22007", 'invalid input syntax for type date: "pla"nted"', 'invalid input syntax for type date: "…"'],
    ["P0001", "no such user 'planted'", 'no such user "…"'],
  ])("is without the value (%s)", (code, message, shown) => {
    expect(postgresDetail(saying(code, message))).toBe(shown);
  });

  test("is null for an error that is not of Postgres", () => {
    expect(postgresDetail(new Error('"x"'))).toBeNull();
  });
});

describe("an error that any statement would meet", () => {
  test.each(["08006", "25006", "28P01", "3D000", "53100", "53300", "57P01", "57P03"])("%s is one", (code) => {
    expect(meetsAnyStatement(translateDatabaseError(postgres(code), "driver"))).toBe(true);
  });

  test("is one, too, when Postgres said nothing", () => {
    expect(meetsAnyStatement(translateDatabaseError(new TypeError("fetch failed"), "driver"))).toBe(true);
  });

  test.each(["22P02", "23505", "23514", "40P01", "42501", "53200", "55P03", "57014"])(
    "%s is none",
    (code) => {
      expect(meetsAnyStatement(translateDatabaseError(postgres(code), "driver"))).toBe(false);
    },
  );
});
