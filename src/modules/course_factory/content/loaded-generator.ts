import { type ChatService, slowestChatMs } from "./chat-client.ts";
import type { ContentGenerator } from "./generator.ts";

/** The generator of `openai-generator.ts`, loaded when it writes: a start does without all that judges its answers. */
export function loadedGenerator(service: ChatService): ContentGenerator {
  const load = async () => (await import("./openai-generator.ts")).createOpenAiGenerator(service);
  return {
    name: "openai-compatible",
    slowestCallMs: slowestChatMs(service),
    outline: async (...given) => (await load()).outline(...given),
    lesson: async (...given) => (await load()).lesson(...given),
    quiz: async (...given) => (await load()).quiz(...given),
    landingPage: async (...given) => (await load()).landingPage(...given),
    enhance: async (...given) => (await load()).enhance(...given),
  };
}
