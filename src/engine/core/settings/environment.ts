import * as z from "zod";
import { isPrivateHost } from "../host-guard.ts";
import { type UnknownSetting, unknownSettings } from "./unknown-settings.ts";

/*
 * How settings are read from the environment of a host. Each part of a program (the engine, a module) declares its
 * variables with `defineSettings`. `readEnvironment` reads all parts of a program together: it reports everything that is
 * wrong at once, and names that no part reads.
 */

/** `true` or `false`. */
export const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** A whole number within bounds, both included. */
export const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** A URL that is called with a key or with data of ours. It may lead to a private host: a service beside this one. */
export const calledUrl = z.url({ protocol: /^https?$/ }).superRefine((text, context) => {
  if (!URL.canParse(text)) return;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    context.addIssue({ code: "custom", message: "user and password do not belong into a URL" });
  if (url.protocol === "http:" && !isPrivateHost(url))
    context.addIssue({
      code: "custom",
      message:
        "expected https; http is for hosts of a private network, because anybody on the way could read",
    });
});

const shownTexts = new WeakSet<z.ZodType>();

/** Marks a text that is no secret, so that a message shows what was received. To be put around the whole of it. */
export function shownText<S extends z.ZodType>(text: S): S {
  shownTexts.add(text);
  return text;
}

/** Numbers, flags and one of a list are shown; a text may be a secret, whatever its name. */
function isShown(setting: z.ZodType): boolean {
  if (shownTexts.has(setting)) return true;
  let inner: z.core.$ZodType = setting;
  for (;;) {
    if (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.unwrap();
    else if (inner instanceof z.ZodPipe) inner = inner.in;
    else return inner instanceof z.ZodNumber || inner instanceof z.ZodEnum;
  }
}

/** The settings of one part of a program, as `defineSettings` makes them. */
export interface SettingsDefinition<T> {
  /** Every variable that it reads. */
  readonly names: readonly string[];
  /** How each is read. */
  readonly shape: Readonly<Record<string, z.core.$ZodType>>;
  /** Those of them whose value may stand in a message. */
  readonly shown: readonly string[];
  /** Reads texts by name. */
  readonly schema: z.ZodType<T>;
  /** What is missing because of other variables, where `schema` ends before it comes to that: some are wrong by themselves. */
  readonly missingBeside: (
    given: Readonly<Record<string, unknown>>,
    wrong: ReadonlySet<string>,
  ) => readonly { readonly name: string; readonly message: string }[];
}

/**
 * Says which variables a part of a program reads, and what it makes of them.
 *
 * @param shape a zod schema for each variable, by its name; it gets a text, or undefined when the variable is not set
 * @param read makes the settings of variables that are right one by one; it calls `fault` for those that do not fit
 * together
 */
export function defineSettings<const S extends z.ZodRawShape, T>(
  shape: S,
  read: (values: z.output<z.ZodObject<S>>, fault: (name: keyof S & string, message: string) => void) => T,
): SettingsDefinition<T> {
  const names = Object.keys(shape);
  return {
    names,
    shape,
    shown: names.filter((name) => isShown(shape[name] as z.ZodType)),
    schema: z
      .object(shape)
      .transform((values, context) =>
        read(values, (name, message) => context.addIssue({ code: "custom", path: [name], message })),
      ),
    missingBeside(given, wrong) {
      const values = names.map((name) => [
        name,
        wrong.has(name) ? undefined : readOne(shape[name], given[name]),
      ]);
      const missing: { name: string; message: string }[] = [];
      try {
        read(Object.fromEntries(values), (name, message) => {
          // What contradicts a variable that is wrong may be right when that is.
          if (given[name] === undefined && !wrong.has(name)) missing.push({ name, message });
        });
      } catch {
        // It needs what is wrong. That is told, and the rest with the next start.
      }
      return missing;
    },
  };
}

const readOne = (schema: z.core.$ZodType | undefined, given: unknown) =>
  schema === undefined ? undefined : z.safeParse(schema, given).data;

/** The configuration is missing or wrong; the message names each variable, and its value unless it may be a secret. */
export class ConfigError extends Error {}

export interface EnvironmentOptions {
  /** Names of what else the program reads from the same environment, by itself. */
  readonly others?: readonly string[];
  /**
   * Prefixes that only its settings have: a variable with one of them that nobody reads is reported. Default: `BRAIN_`.
   */
  readonly beginnings?: readonly string[];
}

/**
 * A variable that two parts read has one meaning: both use the same schema, which stands where both can import it.
 *
 * @throws {Error} they have one each; names the variable and the parts
 */
function requireOneMeaning(parts: Readonly<Record<string, SettingsDefinition<unknown>>>): void {
  const readers = new Map<string, { readonly part: string; readonly schema: unknown }>();
  for (const [part, { shape }] of Object.entries(parts)) {
    for (const [variable, schema] of Object.entries(shape)) {
      const other = readers.get(variable);
      if (other !== undefined && other.schema !== schema) {
        throw new Error(
          `${variable} is read by "${other.part}" and by "${part}", each in its own way. Define it once where both can import it, or rename one.`,
        );
      }
      readers.set(variable, { part, schema });
    }
  }
}

/** What the parts of a program read, by the names of the parts. */
export type Settings<P extends Readonly<Record<string, SettingsDefinition<unknown>>>> = {
  readonly [K in keyof P]: P[K] extends SettingsDefinition<infer T> ? T : never;
};

/**
 * Reads the environment of a Worker, of Deno or of a test. Values that are not text are ignored; an empty text counts
 * as not set.
 *
 * @returns the settings of each part, and the variables that are set and have no effect
 * @throws {ConfigError} with a line for each variable, of all parts, that is missing or wrong
 * @throws {Error} two parts read one variable, each in its own way
 */
export function readEnvironment<P extends Readonly<Record<string, SettingsDefinition<unknown>>>>(
  env: Readonly<Record<string, unknown>>,
  parts: P,
  { others = [], beginnings = ["BRAIN_"] }: EnvironmentOptions = {},
): { readonly settings: Settings<P>; readonly unknown: readonly UnknownSetting[] } {
  requireOneMeaning(parts);
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => typeof value === "string" && value !== ""),
  );
  // A set: parts that share a variable find the same fault.
  const lines = new Set<string>();
  const settings: Record<string, unknown> = {};
  for (const [part, { schema, shown, missingBeside }] of Object.entries(parts)) {
    const parsed = schema.safeParse(given);
    settings[part] = parsed.data;
    for (const { path, message } of parsed.error?.issues ?? []) {
      const name = path.join(".");
      const received =
        given[name] === undefined || !shown.includes(name) ? "" : ` (received "${given[name]}")`;
      lines.add(`  ${name}: ${message}${received}`);
    }
    if (parsed.error === undefined) continue;
    const wrong = new Set(parsed.error.issues.map(({ path }) => path.join(".")));
    for (const { name, message } of missingBeside(given, wrong)) lines.add(`  ${name}: ${message}`);
  }
  if (lines.size > 0) throw new ConfigError(`The configuration is not valid:\n${[...lines].join("\n")}`);
  const known = Object.values(parts).flatMap(({ names }) => names);
  return {
    settings: settings as Settings<P>,
    unknown: unknownSettings(given, [...known, ...others], beginnings),
  };
}

/** What somebody may be told of a variable. */
export interface SettingState {
  readonly name: string;
  /** Parts of the program that read it. */
  readonly parts: readonly string[];
  readonly isSet: boolean;
  /** As it was given; null when it is not set, and always for one that may hold a secret. */
  readonly value: string | null;
  /** What holds when it is not set; null: nothing. */
  readonly standard: string | null;
  /** Its value is never told: a text may be a secret, whatever its name, unless its definition says otherwise. */
  readonly isSecret: boolean;
}

/**
 * The variables of all parts, in their order. They are not judged here: `readEnvironment` refuses a wrong environment.
 */
export function tellEnvironment(
  env: Readonly<Record<string, unknown>>,
  parts: Readonly<Record<string, SettingsDefinition<unknown>>>,
): readonly SettingState[] {
  const told = new Map<string, SettingState>();
  for (const [part, { shape, shown }] of Object.entries(parts)) {
    for (const [name, schema] of Object.entries(shape)) {
      const given = env[name];
      const isSet = typeof given === "string" && given !== "";
      const isSecret = !shown.includes(name);
      told.set(name, {
        name,
        parts: [...(told.get(name)?.parts ?? []), part],
        isSet,
        value: isSet && !isSecret ? given : null,
        standard: standardOf(schema),
        isSecret,
      });
    }
  }
  return [...told.values()];
}

/** The default of a schema, as text; null: it has none. */
function standardOf(schema: z.core.$ZodType): string | null {
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodDefault) return String(inner.def.defaultValue);
    if (inner instanceof z.ZodOptional) inner = inner.unwrap();
    else if (inner instanceof z.ZodPipe) inner = inner.in;
    else return null;
  }
}
