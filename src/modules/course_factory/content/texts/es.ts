import { bankingEs } from "./es-banking.ts";
import { genericEs } from "./es-generic.ts";
import type { LanguageTexts } from "./language.ts";

export const es: LanguageTexts = {
  headings: {
    overview: "Visión general",
    objectives: "Objetivos de aprendizaje",
    introduction: "Introducción",
    main: "Parte principal",
    examples: "Ejemplos",
    summary: "Resumen",
    resources: "Recursos",
    disclaimer: "Aviso",
  },
  overview:
    "Lección {number} de {lessons} del curso «{course}», módulo «{module}». Tiempo necesario: unos {minutes} minutos. {about}",
  objectivesLead: "Después de esta lección usted podrá:",
  introductions: [
    "¿De qué trata el curso? «{excerpt}» Esta lección toma una parte: {lesson}. Lea el texto primero sin tomar notas y observe solo lo que ya conoce. En la segunda lectura, marque los pasajes que contradicen su experiencia. Ahí es donde más vale la pena reflexionar.",
    "Antes de seguir leyendo, tómese dos minutos: ¿qué le sugiere «{lesson}» y qué pregunta le gustaría responder? Escriba ambas cosas en una frase. El propósito del curso es este: «{excerpt}» Su propia pregunta le ayuda a medir el contenido en lugar de limitarse a conocerlo.",
    "Las lecciones anteriores han preparado el terreno y ahora se añade otra pieza: {lesson}. Tenga presente el propósito del curso: «{excerpt}» No necesita aprender nada de memoria. Lo importante es que al final pueda explicar con sus propias palabras por qué este apartado es relevante en su situación.",
  ],
  methods: [
    {
      lead: "Para familiarizarse con la materia:",
      steps: [
        "Anote tres conceptos de este apartado y explique cada uno en una sola frase, como se lo diría a una persona conocida.",
        "Busque para cada concepto un ejemplo de su vida cotidiana y un contraejemplo que no le corresponda.",
        "Dibuje en una hoja cómo se relacionan los conceptos; bastan flechas y palabras clave.",
        "Compruebe al día siguiente lo que todavía sabe sin apuntes y relea solo las lagunas.",
      ],
    },
    {
      lead: "Para trabajar paso a paso:",
      steps: [
        "Describa primero la situación de partida con cifras o hechos observables, sin valorarla.",
        "Decida, antes de empezar un paso, cómo reconocerá que ha salido bien.",
        "Pruebe el procedimiento en un caso pequeño que se pueda deshacer con facilidad.",
        "Anote el resultado por escrito y decida solo entonces el paso siguiente.",
      ],
    },
    {
      lead: "Para llevar lo aprendido a la práctica:",
      steps: [
        "Elija un proyecto que pueda terminar en una semana y póngale una fecha fija.",
        "Divídalo en tareas de una hora como máximo y empiece por la menos agradable.",
        "Acuerde con otra persona cuándo le contará sus avances.",
        "Al terminar, mire atrás: ¿qué mantiene, qué abandona y qué probará de otra manera?",
      ],
    },
    {
      lead: "Para profundizar en lo que ya sabe hacer:",
      steps: [
        "Compare su resultado con el objetivo que se fijó al principio y nombre la diferencia mayor.",
        "Pida una opinión sincera a alguien con otro punto de vista y escuche sin justificarse.",
        "Mejore exactamente un punto y mida si algo cambia.",
        "Transmita sus conocimientos; quien explica algo descubre antes sus propias lagunas.",
      ],
    },
  ],
  correction:
    "Un error muy extendido dice así: «{myth}» Suena convincente, pero no resiste un examen atento. Lo correcto es lo siguiente: {insight} Observe en conversaciones y textos con qué frecuencia aparece la primera versión y piense cada vez qué consecuencias tendría actuar según ella.",
  examplesLead: "Las situaciones siguientes son inventadas, pero podrían ocurrir así.",
  summaryLead: "Lo esencial en pocas palabras:",
  summaryClose:
    "Si solo se lleva una idea de «{lesson}», que sea la primera. Los demás puntos le ayudan a aplicarla.",
  resources: [
    "Su biblioteca o centro de educación de adultos: pregunte por introducciones recientes sobre «{topic}».",
    "Servicios de asesoramiento públicos o sin ánimo de lucro, como las asociaciones de consumidores, que informan sin intereses comerciales.",
    "Su propio cuaderno de aprendizaje: anote fecha, pregunta, respuesta y fuente, para saber más tarde en qué se apoyan sus conocimientos.",
  ],
  disclaimer:
    "Este curso tiene fines educativos y ofrece una visión general. No sustituye el asesoramiento jurídico, fiscal, financiero ni profesional en un caso concreto, y no recomienda productos ni proveedores determinados. Compruebe los datos importantes en fuentes actuales antes de tomar una decisión.",
  placeholder:
    "El texto de la lección «{lesson}» todavía no está disponible. Se prevén una introducción, los conceptos más importantes, ejemplos y un resumen. {about}",
  plannedPoints: [
    "Introducción: por qué importa «{lesson}»",
    "Conceptos y relaciones",
    "Ejemplos de la vida cotidiana",
    "Resumen y próximos pasos",
  ],
  quiz: {
    title: "Cuestionario: {course}",
    description:
      "Compruebe lo que ha aprendido en el curso «{topic}». Cada pregunta tiene exactamente una respuesta correcta.",
    statement: "«{topic}», lección «{lesson}»: ¿qué afirmación es correcta?",
    statementExplanation: "{insight} Lo trata la lección «{lesson}».",
    place: "¿En qué módulo del curso «{topic}» se encuentra la lección «{lesson}»?",
    placeExplanation: "La lección «{lesson}» pertenece al módulo «{module}».",
  },
  landing: {
    subtitle: "{excerpt} Un curso de {modules} módulos con {lessons} lecciones.",
    callToAction: "Empezar el curso ahora",
    value:
      "{excerpt} En {modules} módulos y {lessons} lecciones, el curso «{topic}» le lleva de los fundamentos a un plan propio: claro, objetivo y sin nada que vender. Usted aprende a su ritmo y practica con casos de la vida cotidiana.",
    forWhomTitle: "¿Para quién es este curso?",
    forWhomAudience: "Para {audience} con interés en «{topic}»",
    forWhomGeneral: [
      "Para quien quiera empezar sin conocimientos previos y avanzar paso a paso",
      "Para quien quiera formarse una opinión propia y fundada",
    ],
    notForWhomTitle: "¿Para quién no es este curso?",
    notForWhomPoints: [
      "Para quien busque un asesoramiento vinculante en su caso concreto",
      "Para quien espere recetas hechas sin pensar por sí mismo",
      "Para quien ya enseñe esta materia de forma profesional",
    ],
    structureTitle: "Cómo está organizado el curso",
    structureFeature: "{modules} módulos con {lessons} lecciones, unos {minutes} minutos en total",
    quizFeature: "Cuestionario final con explicación de cada respuesta",
    features: [
      "Objetivos claros en cada lección",
      "Ejemplos de la vida cotidiana de los destinatarios",
      "Neutral: sin publicidad ni recomendaciones de productos",
    ],
    featuresTitle: "Qué le espera",
    valueTitle: "Qué le aporta el curso",
  },
  audiences: {
    private_individuals: {
      example:
        "La señora Benítez lleva su hogar además del trabajo y tiene poco tiempo. Reserva dos tardes para «{lesson}», anota tres preguntas abiertas y responde la primera antes de decidir nada.",
    },
    employees: {
      example:
        "El señor Ruiz trabaja en una oficina y debe informar a su equipo sobre «{lesson}». Reúne datos de dos fuentes independientes, los contrapone en una página y pide a una compañera que le lleve la contraria.",
    },
    career_starters: {
      example:
        "Elena acaba de terminar su formación y recibe consejos de todas partes. Con «{lesson}» comprueba cuáles encajan en su situación y aplaza todo lo que aún no puede justificar.",
    },
    sme_entrepreneurs: {
      example:
        "Una carpintería de ocho personas quiere cambiar su forma de trabajar. La propietaria aplica «{lesson}» a un solo encargo, mide tiempo y costes, y decide a las cuatro semanas si toda la empresa debe seguir.",
    },
    retirees: {
      example:
        "El señor Novak está jubilado y le gusta aprender sin prisa. Habla de «{lesson}» con su vecina, compara ambos puntos de vista y escribe a su nieta lo que ha sacado en claro.",
    },
    self_employed: {
      example:
        "Una traductora autónoma tiene ingresos variables y poco tiempo de reserva. Prueba «{lesson}» en su próximo proyecto, limita el esfuerzo a medio día y después hace balance.",
    },
    students: {
      example:
        "Un grupo de estudio se reparte «{lesson}»: cada persona explica un apartado a las demás. Donde la explicación se detiene, buscan juntos la respuesta y anotan la fuente.",
    },
    parents: {
      example:
        "Una pareja quiere explicar «{lesson}» a sus hijos. Se ponen de acuerdo en un ejemplo de la vida familiar, lo presentan durante la cena y recogen las preguntas que quedan abiertas.",
    },
    migrants_expats: {
      example:
        "La señora Okafor vive en el país desde hace un año y conoce otras reglas. En «{lesson}» compara lo que aquí es diferente y pregunta en un centro de asesoramiento antes de firmar nada.",
    },
  },
  generic: genericEs,
  banking: bankingEs,
};
