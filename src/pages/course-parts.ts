import { html } from "hono/html";
import { audienceLine } from "./audiences.ts";
import type { Html } from "./document.ts";
import type { Button, CoursePage, PageLesson, PageModule } from "./model.ts";
import { wordsOf } from "./texts.ts";
import { counted, durationText, languageName, moneyText } from "./values.ts";

/** The parts of a course's start page, public or staged. */

function button(target: Button): Html {
  return target.kind === "link"
    ? html`<a class="button" href="${target.href}">${target.label}</a>`
    : html`<form method="post" action="${target.action}"><button type="submit">${target.label}</button></form>`;
}

function priceText(page: CoursePage): string {
  const { price, language } = page;
  return price === null ? wordsOf(language).free : moneyText(language, price.cents, price.currency);
}

function points(items: readonly string[], kind: "yes" | "not" = "yes"): Html {
  return html`<ul class="points${kind === "not" ? " not" : ""}">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

function hero(page: CoursePage, target: Button): Html {
  const names = page.audiences.map((name) => audienceLine(page.language, name));
  const words = wordsOf(page.language);
  return html`<div class="hero"><div class="wide">
<h1>${page.title}</h1>
<p class="lead">${page.landing?.subtitle ?? page.description}</p>
${names.length === 0 ? "" : html`<ul class="chips" aria-label="${words.audience}">${names.map((name) => html`<li>${name}</li>`)}</ul>`}
<div class="go">${button(target)}<span class="price">${priceText(page)}</span></div>
</div></div>`;
}

function value(page: CoursePage): Html | string {
  const { landing } = page;
  if (landing === null) return "";
  return html`<section><h2>${landing.valueTitle}</h2><p>${landing.value}</p></section>`;
}

function forWhom(page: CoursePage): Html | string {
  const { landing } = page;
  if (landing === null) {
    if (page.audiences.length === 0) return "";
    const names = page.audiences.map((name) => audienceLine(page.language, name));
    return html`<section><h2>${wordsOf(page.language).audience}</h2>${points(names)}</section>`;
  }
  return html`<div class="pair">
<section><h2>${landing.forWhomTitle}</h2>${points(landing.forWhom)}</section>
<section><h2>${landing.notForWhomTitle}</h2>${points(landing.notForWhom, "not")}</section>
</div>`;
}

function lessonLine(page: CoursePage, lesson: PageLesson): Html {
  const words = wordsOf(page.language);
  const name = lesson.href === null ? lesson.title : html`<a href="${lesson.href}">${lesson.title}</a>`;
  const free = lesson.free ? html` <span class="tag">${words.freeLesson}</span>` : "";
  const time =
    lesson.minutes === null
      ? ""
      : html`<span class="meta">${durationText(page.language, lesson.minutes, "short")}</span>`;
  return html`<li><span>${name}${free}</span>${time}</li>`;
}

function moduleCard(page: CoursePage, part: PageModule): Html {
  const { language } = page;
  const facts = [
    ...(part.lessonsCount > 0 ? [counted(language, wordsOf(language).lessons, part.lessonsCount)] : []),
    ...(part.minutes === null ? [] : [durationText(language, part.minutes)]),
  ];
  const lessons = part.lessons.map((lesson) => lessonLine(page, lesson));
  return html`<div class="module"><h3>${part.title}</h3>
${facts.length === 0 ? "" : html`<p class="meta">${facts.join(" · ")}</p>`}
${part.description === null ? "" : html`<p>${part.description}</p>`}
${lessons.length === 0 ? "" : html`<ul class="lessons">${lessons}</ul>`}</div>`;
}

function outline(page: CoursePage): Html | string {
  if (page.modules.length === 0) return "";
  return html`<section><h2>${wordsOf(page.language).outline}</h2>
${page.modules.map((part) => moduleCard(page, part))}${quizCard(page)}</section>`;
}

function quizCard(page: CoursePage): Html | string {
  if (page.questionsCount === 0) return "";
  const words = wordsOf(page.language);
  const facts = counted(page.language, words.questions, page.questionsCount);
  const link = page.quizHref == null ? facts : html`<a href="${page.quizHref}">${facts}</a>`;
  return html`<div class="module"><h3>${words.quiz}</h3><p>${link}</p></div>`;
}

function previews(page: CoursePage): Html | string {
  if (page.previews.length === 0) return "";
  return html`<section><h2>${wordsOf(page.language).preview}</h2>
${page.previews.map(({ title, excerpt }) => html`<h3>${title}</h3><blockquote><p>${excerpt}</p></blockquote>`)}</section>`;
}

function faq(page: CoursePage): Html | string {
  if (page.faqTitle === null || page.faq.length === 0) return "";
  return html`<section><h2>${page.faqTitle}</h2>
${page.faq.map(({ question, answer }) => html`<details><summary>${question}</summary><p>${answer}</p></details>`)}</section>`;
}

/** What one gets for the price: in the words of the authors, otherwise the facts that are known. */
function benefits(page: CoursePage): string[] {
  const { language, price } = page;
  const words = wordsOf(language);
  return [
    ...(price !== null && price.freeLessons > 0
      ? [counted(language, words.freeLessons, price.freeLessons)]
      : []),
    ...(page.landing?.features ?? facts(page)),
    ...(page.certificate ? [words.certificate] : []),
  ];
}

function facts(page: CoursePage): string[] {
  const { language, modules, lessonsCount, questionsCount } = page;
  const words = wordsOf(language);
  const structure = [
    ...(modules.length > 0 ? [counted(language, words.modules, modules.length)] : []),
    ...(lessonsCount > 0 ? [counted(language, words.lessons, lessonsCount)] : []),
  ].join(", ");
  return [
    ...(structure === "" ? [] : [structure]),
    ...(questionsCount > 0 ? [counted(language, words.questions, questionsCount)] : []),
    words.ownPace,
  ];
}

function languageLinks(page: CoursePage): Html {
  return html`${page.languages.map(({ tag, href }, index) => {
    const name = html`<span lang="${tag}">${languageName(tag)}</span>`;
    const link = href === null ? name : html`<a href="${href}" hreflang="${tag}">${name}</a>`;
    return html`${index > 0 ? ", " : ""}${link}`;
  })}`;
}

function offer(page: CoursePage, target: Button): Html {
  const words = wordsOf(page.language);
  const duration =
    page.minutes === null || page.minutes === 0 ? null : durationText(page.language, page.minutes);
  return html`<div><section class="card"><h2>${words.atAGlance}</h2>
<dl>
<dt>${words.price}</dt><dd>${priceText(page)}</dd>
${duration === null ? "" : html`<dt>${words.duration}</dt><dd>${duration}</dd>`}
${page.languages.length === 0 ? "" : html`<dt>${words.languages}</dt><dd>${languageLinks(page)}</dd>`}
</dl>
<h3>${words.included}</h3>
${points(benefits(page))}
${button(target)}</section></div>`;
}

/** All parts between the start of the page and its footer, in their order. */
export function courseParts(page: CoursePage, target: Button): Html {
  return html`${hero(page, target)}
<div class="wide columns">
<div>${value(page)}${forWhom(page)}${outline(page)}${previews(page)}${faq(page)}</div>
${offer(page, target)}
</div>`;
}

/** The footer; empty when there is nothing to be said. */
export function courseFooter(page: Pick<CoursePage, "landing">): Html | string {
  if (page.landing === null) return "";
  return html`<footer><div class="wide"><p>${page.landing.disclaimer}</p></div></footer>`;
}
