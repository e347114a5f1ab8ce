import {
  type EngineSettings,
  engineSettings,
  readEnvironment,
  type SettingState,
  tellEnvironment,
  type UnknownSetting,
} from "@brain/engine";
import { type HttpSettings, httpSettings } from "./http/settings.ts";
import { product } from "./product.ts";

/*
 * What the program reads from the environment: the engine, the HTTP surface and the modules each say which variables are
 * theirs. Read once per isolate; anything missing or odd stops the start with a message that names the variable.
 */

/** Settings of the whole system, validated. */
export interface Config extends EngineSettings, HttpSettings {
  /** Those of each module that has some, by its name. */
  readonly modules: Readonly<Record<string, unknown>>;
  /** Variables that are set and have no effect. */
  readonly unknown: readonly UnknownSetting[];
}

/** Every variable that is read here. What a host reads beside them, it lists itself. */
export const settingNames: readonly string[] = [
  ...new Set(
    [engineSettings, httpSettings, ...Object.values(product.settings)].flatMap(({ names }) => names),
  ),
];

// No module has such a name as the last two.
const parts = { ...product.settings, "the engine": engineSettings, "the HTTP surface": httpSettings };

/** What an administrator may be told of each variable; never a value that may be a secret. */
export function tellSettings(env: Readonly<Record<string, unknown>>): readonly SettingState[] {
  return tellEnvironment(env, parts);
}

/** Beginnings that only settings of this project have. */
export const settingBeginnings = ["BRAIN_", "PAYCORE_", "WEBGENESIS_", "MISSION_CONTROL_"] as const;

/**
 * Parses the environment of a Worker, of Deno or of a test. Variables that are not ours are ignored; empty ones count
 * as not set.
 *
 * @param hostSettings names of what the host itself reads from the same environment
 * @throws {ConfigError}
 */
export function parseConfig(
  env: Readonly<Record<string, unknown>>,
  hostSettings: readonly string[] = [],
): Config {
  const { settings, unknown } = readEnvironment(env, parts, {
    others: hostSettings,
    beginnings: settingBeginnings,
  });
  const { "the engine": engine, "the HTTP surface": http, ...modules } = settings;
  return { ...engine, ...http, modules, unknown };
}
