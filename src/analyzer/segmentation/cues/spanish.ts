import { heading, start, wholeHeading, words, wordSet, type LanguageCues } from './languageCues.ts';

export const spanish: LanguageCues = {
  disclosing: words(
    'revel(?:ar|es|e|en)|divulg(?:ar|ues|ue)|repit(?:as|a|e)|repetir|compart(?:ir|as|a)|muestr(?:es|e|a)|mostrar|resum(?:ir|as|a|irlas|irlos)|cit(?:ar|es)|traduzc(?:as|a)|traducir|mencion(?:ar|es|e)',
  ),
  secrets: words(
    '(?:estas?|tus?|sus?|las|los|el|la|este|estos|dichas)(?: (?:propias|siguientes))* (?:instrucci(?:ón|ones)|reglas?|normas?|directrices|prompts?|mensaje del? sistema|indicaciones)(?: (?:internas?|del sistema|anteriores))?',
  ),
  refusing: words('no|nunca|jamás|niégate|niéguese|rechaz(?:a|ar|e)|prohibido|únicamente|solo responde'),
  confidential: words('confidencial(?:es)?|secret[oa]s?'),
  pronouns: words('las|los|ellas|ellos|esto|eso|mostrarlas|repetirlas|resumirlas|mostrarlos'),
  identity: start(
    'eres|usted es|actúa como|actúe como|tu (?:función|papel|rol|nombre) es|su (?:función|papel|rol|nombre) es|trabajas (?:para|como)|interpretas a|te llamas',
  ),
  prohibition: words(
    'nunca|jamás|evita(?:r)?|evite|prohibido|se prohíbe|no (?:debes|debe|puedes|puede|se permite|está permitido)|en ningún caso|bajo ninguna circunstancia|no \\p{L}{2,}(?:es|as)(?= )|está prohibido',
  ),
  weakProhibition: words('ningún|ninguna|tampoco'),
  contrast: start('(?:(?:y|pero|ni) )?(?:nunca|jamás|no \\p{L}+(?:es|as|e|a|en|an)|evita|evite)'),
  reply: words('respond(?:e|er|a|as)|respuestas?|contest(?:a|ar|e)|tono|tutea|trata de usted'),
  shape: words(
    'salida|formato|idioma|palabras|frases|oraciones|párrafos?|en español|en inglés|en euros|tabla|lista|negrita|mayúsculas|minúsculas|caracteres|breve(?:mente|s)?',
  ),
  modal: words(
    'debes|debe|deben|deberás|siempre|tienes que|tiene que|hay que|asegúrate|asegúrese|obligatorio|por favor|únicamente|exclusivamente|(?:tu|su) (?:tarea|objetivo|misión) es',
  ),
  limit: words('como máximo|como mínimo|al menos|no más de|máximo|se (?:escriben?|indican?|dan?)'),
  tentative: words(
    'deberías|debería|deberían|si es posible|de preferencia|prefiere|procura|intenta|trata de|puedes|puede',
  ),
  imperative: start(
    '(?:(?:siempre|nunca|después|luego|primero|si es posible),? )*(?:no \\p{L}+(?:es|as|e|a)|responde|responda|contesta|usa|use|utiliza|utilice|escribe|escriba|da|dé|indica|indique|pregunta|pregunte|ofrece|mantén|mantenga|sé|evita|evite|termina|termine|empieza|explica|explique|verifica|verifique|rechaza|cita|sigue|siga|habla|hable|muestra|incluye|incluya|di|diga|haz|haga|pide|pida|remite|deriva|confirma|confirme|comprueba|compruebe|ayuda|ayude|recomienda|recomiende|llama|llame|envía|envíe|busca|busque|elige|elija|saluda|salude|resume|traduce|clasifica|extrae|espera|lee|lea|consulta|consulte|avisa|avise|anota|guarda|crea|cierra|abre|sugiere|informa|\\p{L}{3,}[ae](?= (?:el|la|los|las|un|una|al|su|sus|tu|tus|por) ))|(?:confirma|indíca|avísa|recuérda|pregúnta|ofréce)(?:le|les|lo|la)',
  ),
  condition: start('si|cuando|antes|después de|en caso|para|al'),
  dependency: start('esto|eso|de lo contrario|si no|entonces|también|pero|sin embargo|salvo|excepto'),
  statement: start('el|la|los|las|un|una|nuestr[oa]s?|este|esta|hay'),
  example: start('ejemplos?(?: [\\p{L} ]+)?:|por ejemplo'),
  facts: heading('contexto|datos|hechos|resumen general|información|contacto|horarios?|acerca de'),
  avoided: wholeHeading(
    '(?:prohibid[oa]s?|prohibiciones|a evitar|qué evitar|evitar|no hagas|nunca|lo que no debes hacer)',
  ),
  required: heading('reglas|normas|instrucciones|tareas?|pasos|obligaciones|principios|comportamiento'),
  formats: heading('formato|formato de (?:salida|respuesta)|salida|respuestas?|longitud'),
  formatLeadIn: words(
    '(?:estructura|formato) (?:de la|del|de tu|de cada) \\p{L}+|(?:estos|los siguientes) (?:campos|apartados)|(?:respuesta|informe|resumen) (?:contiene|incluye|tiene)',
  ),
  functionWords: wordSet('el los las y es una por para con del su en de la que un se lo al nunca siempre cuando'),
};
