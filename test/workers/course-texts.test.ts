import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Language, languages } from "../../src/modules/course_factory/content/model.ts";
import { loadTexts } from "../../src/modules/course_factory/content/texts/load.ts";
import type { WorkerBundles } from "../../workers/local/workerd/bundle.ts";
import { call } from "./course-flow.ts";
import { startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";

let bundles: WorkerBundles;
beforeAll(async () => {
  bundles = await productBundles();
});

/** Sentences that only who writes a course needs; without letters that a bundle may write in another way. */
async function sentencesOf(language: Language): Promise<readonly string[]> {
  const { generic, banking } = await loadTexts(language);
  const bodies = [generic, banking].flatMap((subject) =>
    subject.flatMap((part) => part.lessons.flatMap(({ body, insight }) => [body, insight])),
  );
  const sentences = bodies.flatMap((body) => body.match(/[\x20-\x7e]{40,}/g) ?? []);
  return sentences.filter((sentence) => !/["'`\\$]/.test(sentence));
}

describe("the texts of courses", () => {
  test.each(languages)("are beside the workers, a part for each language (%s)", async (language) => {
    const sentences = await sentencesOf(language);
    expect(sentences.length).toBeGreaterThan(20);
    for (const parts of [bundles.apiParts ?? {}, bundles.consumerParts ?? {}]) {
      const holders = Object.entries(parts).filter(([, text]) =>
        sentences.every((sentence) => text.includes(sentence)),
      );
      expect(holders.map(([name]) => name)).toEqual([expect.stringMatching(`^${language}-`)]);
    }
    for (const main of [bundles.api, bundles.consumer]) {
      expect(sentences.filter((sentence) => main.includes(sentence))).toEqual([]);
    }
  });

  test("are found by the built workers: a course is written in each language", async () => {
    const edge = await startEdge(bundles);
    onTestFinished(() => edge.stop());
    for (const language of languages) {
      const answer = await call(edge, "POST", "/api/course-factory/generate", {
        tenant_id: "tenant-a",
        title: "A course of 2026",
        description: "Something that one learns in a few days, step by step and for everybody.",
        language,
        target_audiences: ["parents"],
        full_lessons_count: 1,
        dry_run: false,
      });
      expect(answer.status, answer.text).toBe(201);
      const [lesson] = answer.body.outline.modules[0].lessons;
      const { generic } = await loadTexts(language);
      expect(lesson.title).toBe(generic[0].lessons[0]?.title);
    }
  });
});
