import type { CourseSubject } from "./language.ts";

/** Outline for any subject: from first terms to a plan of one's own. */
export const genericEs: CourseSubject = [
  {
    title: "Fundamentos: {topic}",
    description: "Conceptos, relaciones y errores extendidos: la base de todo lo demás.",
    lessons: [
      {
        title: "Conceptos y contexto",
        about: "Usted aclara los conceptos más importantes y sitúa el tema en su vida cotidiana.",
        objectives: [
          "explicar los conceptos principales con palabras propias",
          "distinguir el tema de otros cercanos",
        ],
        body: "Quienes hablan de «{topic}» no siempre se refieren a lo mismo. Unos piensan en reglas, otros en herramientas y otros en experiencias. Por eso todo estudio serio empieza preguntando qué se entiende exactamente, qué queda fuera y a quién afecta. Una buena definición es breve, contiene un ejemplo y puede comprobarse en caso de duda.",
        insight: "Los conceptos claros evitan malentendidos antes de que surjan.",
        myth: "No hace falta aclarar los conceptos, porque todos entienden lo mismo por ellos.",
      },
      {
        title: "Cómo se relacionan las cosas",
        about: "Usted reconoce causas, efectos e interacciones y los presenta con claridad.",
        objectives: [
          "distinguir una causa de una simple sucesión",
          "representar interacciones en un esquema",
        ],
        body: "En «{topic}» suelen actuar varias circunstancias a la vez. Que dos cosas aparezcan juntas no demuestra que una cause la otra; ambas pueden deberse a una tercera. Pregunte por el camino del efecto: ¿qué tendría que ocurrir para que de una se siguiera la otra, y cómo podría observarse?",
        insight: "Que dos cosas aparezcan juntas no demuestra que una cause la otra.",
        myth: "Si dos cosas aparecen juntas, una es siempre la causa de la otra.",
      },
      {
        title: "Errores extendidos",
        about: "Usted conoce suposiciones falsas típicas y pone a prueba sus convicciones.",
        objectives: ["nombrar suposiciones falsas típicas", "contrastar una convicción con los hechos"],
        body: "Los errores sobre «{topic}» perduran porque son sencillos y se repiten a menudo. Lo familiar parece verdadero. Un remedio eficaz consiste en buscar deliberadamente casos que contradigan la propia opinión. Si no aparece ninguno tras una búsqueda honesta, la opinión gana peso; si aparecen, se vuelve más precisa.",
        insight: "Buscar contraejemplos pone a prueba una convicción mejor que reunir confirmaciones.",
        myth: "Lo que se ha oído suficientes veces tiene que ser verdad.",
      },
    ],
  },
  {
    title: "Métodos: {topic}",
    description: "Un procedimiento ordenado, información fiable y decisiones fundadas.",
    lessons: [
      {
        title: "Proceder con un plan",
        about: "Usted divide un proyecto en pasos y define cómo reconocerá el avance.",
        objectives: ["formular un objetivo comprobable", "dividir un proyecto en pasos"],
        body: "Un objetivo sobre «{topic}» solo sirve de guía si se puede comprobar que se ha alcanzado. «Saber más» no basta; «responder tres preguntas sin ayuda» puede verificarse. Los pasos se deducen del objetivo hacia atrás: ¿qué debe haber ocurrido justo antes, y qué antes de eso? Así nace un plan que empieza hoy mismo.",
        insight: "Un buen objetivo se formula de modo que pueda comprobarse si se ha alcanzado.",
        myth: "Cuanto más vago es un objetivo, más fácil resulta alcanzarlo.",
      },
      {
        title: "Encontrar y comprobar información",
        about: "Usted valora la fiabilidad de una fuente y compara varias entre sí.",
        objectives: ["valorar la fiabilidad de una fuente", "comprobar un dato con una segunda fuente"],
        body: "Sobre «{topic}» hay más material del que nadie puede leer, así que la selección es decisiva. Pregunte ante cada fuente quién la escribió, con qué fin, cuándo y en qué se apoya. Un dato que figura en dos fuentes independientes vale más que diez repeticiones de la misma noticia. Anote también la fecha, porque incluso lo correcto envejece.",
        insight: "Dos fuentes independientes pesan más que muchas repeticiones de una sola.",
        myth: "Cuantas más veces se ha copiado un dato, más fiable es.",
      },
      {
        title: "Comparar posibilidades",
        about: "Usted compara posibilidades según criterios fijos y justifica su elección.",
        objectives: ["definir criterios de comparación", "justificar una elección de forma comprensible"],
        body: "Quien tenga que elegir en cuestiones de «{topic}» debería fijar los criterios antes de mirar las posibilidades. De lo contrario, la medida se adapta sin querer a lo que ya gusta. Basta una tabla sencilla: filas para las posibilidades, columnas para utilidad, esfuerzo, riesgo y reversibilidad. Dé peso a lo que no es negociable y tache todo lo que falle ahí.",
        insight: "Los criterios de una comparación se fijan mejor antes de mirar las posibilidades.",
        myth: "Los criterios de una comparación deben fijarse después de decidir.",
      },
    ],
  },
  {
    title: "Práctica: {topic}",
    description: "Planificar un pequeño proyecto propio, realizarlo y superar los obstáculos.",
    lessons: [
      {
        title: "Planificar un proyecto propio",
        about: "Usted elige un proyecto abarcable y planifica tiempo, medios y apoyo.",
        objectives: ["elegir un proyecto abarcable", "estimar tiempo y medios con realismo"],
        body: "El mejor primer proyecto sobre «{topic}» es pequeño, útil y realizable en una semana. Estime cuánto dura cada tarea y añada un tercio, porque solemos subestimar los imprevistos. Decida también a quién puede pedir ayuda y con qué medios cuenta ya. Un plan de una página se cumple con más facilidad que uno de diez.",
        insight: "Un calendario resulta más realista con una reserva para imprevistos.",
        myth: "Un buen plan no necesita reserva, porque nada debe interponerse.",
      },
      {
        title: "Realizar y perseverar",
        about: "Usted empieza por el primer paso y asegura el avance con hábitos fijos.",
        objectives: ["empezar por un paso pequeño", "hacer visible el avance"],
        body: "A la hora de actuar, la ocasión decide más a menudo que la intención. Vincule el trabajo en «{topic}» a una hora y un lugar fijos, por ejemplo la mesa de la cocina después del desayuno. Anote a la vista cada paso terminado. Un día perdido no es un fracaso; lo importante es no perder dos seguidos y retomar por el paso más pequeño.",
        insight: "Una hora y un lugar fijos ayudan más a perseverar que la buena voluntad sola.",
        myth: "Si se pierde un solo día, conviene abandonar todo el proyecto.",
      },
      {
        title: "Afrontar los obstáculos",
        about: "Usted distingue clases de obstáculos y elige la respuesta adecuada.",
        objectives: ["distinguir clases de obstáculos", "prepararse para un obstáculo probable"],
        body: "Los obstáculos en «{topic}» no son todos iguales. Unos vienen de la falta de conocimientos, otros de la falta de tiempo y otros de las normas o de las personas. Cada clase pide otra respuesta: informarse, renunciar, preguntar o negociar. Ha dado buen resultado el plan «si… entonces»: si aparece este obstáculo, entonces hago aquello. La decisión queda tomada con la cabeza despejada.",
        insight: "Un plan «si… entonces» prepara la respuesta a un obstáculo antes de que aparezca.",
        myth: "Pensar en los obstáculos es perjudicial, porque los provoca.",
      },
    ],
  },
  {
    title: "Profundización: {topic}",
    description: "Valorar resultados, compartir conocimientos y decidir el camino siguiente.",
    lessons: [
      {
        title: "Valorar y mejorar los resultados",
        about: "Usted mide su resultado con el objetivo y mejora un punto concreto.",
        objectives: ["medir un resultado con su objetivo", "elegir una mejora concreta"],
        body: "Tras el primer proyecto sobre «{topic}» hay un resultado que puede comparar con el objetivo. No busque culpables, sino el punto de mayor efecto. Cambie una sola circunstancia cada vez; si no, después no sabrá qué trajo la mejora. También un resultado mejor de lo esperado merece preguntarse cómo se produjo.",
        insight: "Cambiar una sola circunstancia cada vez muestra qué ha producido el cambio.",
        myth: "Se mejora más rápido cambiando a la vez tantas cosas como sea posible.",
      },
      {
        title: "Compartir y trabajar en común",
        about: "Usted transmite lo aprendido y aprovecha los comentarios de otras personas.",
        objectives: ["transmitir un contenido de forma comprensible", "pedir comentarios y aprovecharlos"],
        body: "El conocimiento sobre «{topic}» crece cuando se comparte. Explicar algo obliga a ordenar, omitir y encontrar ejemplos; así aparecen lagunas que en la lectura silenciosa quedan ocultas. Pida comentarios sobre una pregunta concreta en lugar de un juicio general. Agradezca también la crítica y decida después con calma qué adopta.",
        insight: "Explicar algo a otras personas descubre las lagunas del propio conocimiento.",
        myth: "El conocimiento pierde valor en cuanto se comparte.",
      },
      {
        title: "Su hoja de ruta personal",
        about: "Usted resume el curso y fija sus próximos pasos.",
        objectives: ["resumir las propias conclusiones", "fijar próximos pasos con fecha"],
        body: "El curso «{topic}» no termina con un diploma, sino con una hoja de ruta. Contiene tres conclusiones, dos hábitos y un próximo paso con fecha. Apunte la fecha enseguida y decida cuándo volverá a mirar la hoja. Un breve repaso a las cuatro semanas y a los tres meses basta para mantener vivo lo aprendido.",
        insight: "Un próximo paso con fecha fija se da con más facilidad que un propósito general.",
        myth: "Terminado un curso, ya no hace falta ocuparse de la materia.",
      },
    ],
  },
];
