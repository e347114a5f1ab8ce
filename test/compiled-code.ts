const folder = process.env.NODE_COMPILE_CACHE;

/**
 * Environment of programs that a test starts: where Node keeps what it compiled, as `npm start` and `npm run charter` tell
 * it. Without it each compiles all of its modules again, which is half of a start. Empty where vitest runs without npm.
 */
export const compiledCode: Readonly<Record<string, string>> =
  folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
