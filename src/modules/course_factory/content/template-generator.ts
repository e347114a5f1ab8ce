import { audienceName } from "../../../pages/audiences.ts";
import {
  artifactId,
  assembleLesson,
  assembleOutline,
  assembleQuiz,
  type DraftModule,
  type DraftQuestion,
  lessonAt,
  lessonsOf,
} from "./assemble.ts";
import type { ContentGenerator, CourseBrief } from "./generator.ts";
import { type Audience, type LandingPage, landingPage as landingPageModel, type Outline } from "./model.ts";
import { asSentence, cut, fill } from "./text.ts";
import type { CourseSubject, LanguageTexts, LessonSubject } from "./texts/language.ts";
import { loadTexts } from "./texts/load.ts";

/** Name of the outline for courses on banks; its text exists in every language. */
export const bankingTemplateId = "banking-alternatives-de";

const bankingTitle = /Banken|Banking|Sparkassen/;

/** Minutes per lesson: 310 in all. The generic outline has 20 for each of its 12. */
const bankingMinutes: readonly (readonly number[])[] = [
  [20, 20, 20],
  [20, 20, 25, 20],
  [20, 20, 20, 20],
  [20, 20, 25, 20],
];
const genericMinutes = 20;

/** Writes a whole course without any service: the same brief always gives the same course. */
export const templateGenerator: ContentGenerator = {
  name: "template",
  slowestCallMs: 1_000,
  async outline(brief) {
    const banking = isBanking(brief);
    const texts = await textsOf(brief);
    return {
      outline: assembleOutline(brief, draftModules(brief, subjectOf(brief, texts), banking), texts),
      template_id: banking ? bankingTemplateId : null,
    };
  },
  async lesson(brief, outline, index) {
    const { lesson } = lessonAt(outline, index);
    return assembleLesson(
      brief,
      lesson.lesson_id,
      lessonMarkdown(brief, outline, index, await textsOf(brief)),
    );
  },
  async quiz(brief, outline) {
    const texts = await textsOf(brief);
    return assembleQuiz(brief, outline, draftQuestions(brief, outline, texts), texts);
  },
  async landingPage(brief, outline) {
    return templateLandingPage(brief, outline, await textsOf(brief));
  },
  async enhance(brief, outline, index, order) {
    // Loaded when it is asked for: a start does without its texts.
    const { templateAdditions } = await import("../enhancement/template-enhancer.ts");
    return templateAdditions(brief, outline, index, order, await textsOf(brief));
  },
};

function textsOf({ request }: CourseBrief): Promise<LanguageTexts> {
  return loadTexts(request.language);
}

function isBanking(brief: CourseBrief): boolean {
  return bankingTitle.test(brief.request.title);
}

function subjectOf(brief: CourseBrief, texts: LanguageTexts): CourseSubject {
  return isBanking(brief) ? texts.banking : texts.generic;
}

/** Values that every text of the course may use. */
function courseValues(brief: CourseBrief): {
  readonly course: string;
  readonly topic: string;
  readonly excerpt: string;
} {
  const { title, description } = brief.request;
  return { course: title, topic: cut(title, 120), excerpt: asSentence(cut(description, 240)) };
}

function draftModules(brief: CourseBrief, subject: CourseSubject, banking: boolean): DraftModule[] {
  const values = courseValues(brief);
  return subject.map((part, moduleIndex) => ({
    title: fill(part.title, values),
    description: part.description,
    learning_objectives: part.lessons.map((item) => item.objectives[0]),
    lessons: part.lessons.map((item, lessonIndex) => ({
      title: item.title,
      description: item.about,
      learning_objectives: item.objectives,
      minutes: banking ? (bankingMinutes[moduleIndex]?.[lessonIndex] ?? genericMinutes) : genericMinutes,
    })),
  }));
}

function subjects(brief: CourseBrief, texts: LanguageTexts): readonly LessonSubject[] {
  return subjectOf(brief, texts).flatMap((part) => part.lessons);
}

function itemAt<Item>(list: readonly Item[], index: number): Item {
  const item = list[index % list.length];
  if (item === undefined) throw new RangeError("expected a list with at least one item");
  return item;
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

/** One full lesson. Introduction, way of working and examples change from lesson to lesson, the body is its own. */
function lessonMarkdown(brief: CourseBrief, outline: Outline, index: number, texts: LanguageTexts): string {
  const subject = itemAt(subjects(brief, texts), index);
  const { part, lesson } = lessonAt(outline, index);
  const values = {
    ...courseValues(brief),
    lesson: lesson.title,
    module: part.title,
    about: subject.about,
    insight: subject.insight,
    myth: subject.myth,
    number: index + 1,
    lessons: outline.total_lessons,
    minutes: lesson.estimated_duration_minutes,
  };
  const say = (text: string) => fill(text, values);
  const method = itemAt(texts.methods, part.order_index);
  const heads = texts.headings;
  const sections = [
    `# ${lesson.title}`,
    `## ${heads.overview}\n\n${say(texts.overview)}`,
    `## ${heads.objectives}\n\n${say(texts.objectivesLead)}\n\n${bullets(lesson.learning_objectives)}`,
    `## ${heads.introduction}\n\n${say(itemAt(texts.introductions, index))}`,
    `## ${heads.main}\n\n${say(subject.body)}\n\n${method.lead}\n\n${numbered(method.steps)}\n\n${say(texts.correction)}`,
    `## ${heads.examples}\n\n${texts.examplesLead}\n\n${bullets(examples(brief, texts, index).map(say))}`,
    `## ${heads.summary}\n\n${texts.summaryLead}\n\n${bullets([subject.insight, subject.about])}\n\n${say(texts.summaryClose)}`,
    `## ${heads.resources}\n\n${bullets(texts.resources.map(say))}`,
    `## ${heads.disclaimer}\n\n${texts.disclaimer}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function numbered(lines: readonly string[]): string {
  return lines.map((line, position) => `${position + 1}. ${line}`).join("\n");
}

/** Two examples, taken in turn from the audiences of the request; one when there is one audience. */
function examples(brief: CourseBrief, texts: LanguageTexts, index: number): string[] {
  const { target_audiences: audiences } = brief.request;
  const chosen = new Set<Audience>([itemAt(audiences, index), itemAt(audiences, index + 1)]);
  return [...chosen].map((audience) => texts.audiences[audience].example);
}

const difficulties = ["easy", "medium", "medium", "hard"] as const;

/** 15 questions: one on each lesson, and where there are fewer lessons, on where a lesson stands. */
function draftQuestions(brief: CourseBrief, outline: Outline, texts: LanguageTexts): DraftQuestion[] {
  // The outline of an earlier run may come from a service and have fewer lessons than the template.
  const all = subjects(brief, texts).slice(0, outline.total_lessons);
  const values = courseValues(brief);
  const statements = all.map((subject, index): DraftQuestion => {
    const { part, lesson } = lessonAt(outline, index);
    const say = (text: string) => fill(text, { ...values, lesson: lesson.title, insight: subject.insight });
    return {
      question: say(texts.quiz.statement),
      correct: subject.insight,
      // The myths of other lessons are as false here as there.
      wrong: [subject.myth, itemAt(all, index + 4).myth, itemAt(all, index + 7).myth],
      explanation: say(texts.quiz.statementExplanation),
      difficulty: itemAt(difficulties, part.order_index),
      module_reference: part.title,
    };
  });
  const places = lessonsOf(outline).map((lesson, index): DraftQuestion => {
    const { part } = lessonAt(outline, index);
    const say = (text: string) => fill(text, { ...values, lesson: lesson.title, module: part.title });
    return {
      question: say(texts.quiz.place),
      correct: part.title,
      wrong: outline.modules.filter((other) => other !== part).map((other) => other.title),
      explanation: say(texts.quiz.placeExplanation),
      difficulty: "easy",
      module_reference: part.title,
    };
  });
  // One lesson of each of the last modules, so that the three questions have different answers.
  return [...statements, ...[4, 7, 10].flatMap((index) => places[index] ?? [])];
}

/** A landing page for any outline; also the text that stands in when a service could not write one. */
export function templateLandingPage(brief: CourseBrief, outline: Outline, texts: LanguageTexts): LandingPage {
  const values = {
    ...courseValues(brief),
    modules: outline.modules.length,
    lessons: outline.total_lessons,
    minutes: outline.total_estimated_duration_minutes,
  };
  const say = (text: string) => fill(text, values);
  const { landing } = texts;
  const audiencePoints = brief.request.target_audiences
    .slice(0, 3)
    .map((audience) =>
      fill(landing.forWhomAudience, { ...values, audience: audienceName(brief.request.language, audience) }),
    );
  const titles = [
    ["hero", brief.request.title],
    ["value_proposition", landing.valueTitle],
    ["for_whom", landing.forWhomTitle],
    ["not_for_whom", landing.notForWhomTitle],
    ["course_structure", landing.structureTitle],
    ["features", landing.featuresTitle],
    ["disclaimer", texts.headings.disclaimer],
  ] as const;
  return landingPageModel.parse({
    landing_page_id: artifactId(brief.course_id, "landing_page"),
    sections: titles.map(([kind, title], position) => ({ kind, title, order_index: position })),
    hero_title: brief.request.title,
    hero_subtitle: say(landing.subtitle),
    hero_cta_text: landing.callToAction,
    value_proposition: say(landing.value),
    for_whom_title: landing.forWhomTitle,
    for_whom_points: [...audiencePoints, ...landing.forWhomGeneral],
    not_for_whom_title: landing.notForWhomTitle,
    not_for_whom_points: [...landing.notForWhomPoints],
    course_structure_title: landing.structureTitle,
    features: [
      say(landing.structureFeature),
      ...(brief.request.generate_quiz ? [landing.quizFeature] : []),
      ...landing.features,
    ],
    disclaimer: texts.disclaimer,
  });
}
