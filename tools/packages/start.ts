/** The first file of an installed program. */

/** What our programs need; an older Node fails at their imports already, with a stack. */
export const oldestNode = { major: 22, minor: 18 } as const;

/** @param path of the program, from where this file is */
export const startOf = (path: string): string => `#!/usr/bin/env node
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < ${oldestNode.major} || (major === ${oldestNode.major} && minor < ${oldestNode.minor})) {
  console.error(\`Node \${process.versions.node} is too old: ${oldestNode.major}.${oldestNode.minor} or newer is needed.\`);
  process.exit(1);
}
await import("./${path}");
`;
