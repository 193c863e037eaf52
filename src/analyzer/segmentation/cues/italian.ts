import { heading, start, wholeHeading, words, wordSet, type LanguageCues } from './languageCues.ts';

export const italian: LanguageCues = {
  disclosing: words(
    'rivel(?:are|i|a|ate)|divulg(?:are|hi|a)|condivid(?:ere|i|a)|mostr(?:are|i|a)|ripet(?:ere|i|a)|riassum(?:ere|i|a)|cit(?:are|i|a)|comunic(?:are|hi|a)|tradu(?:rre|ci|ca)',
  ),
  secrets: words(
    '(?:queste|tue|sue|le|il|la|questo|tuo|i|gli)(?: (?:tue|tuo|proprie|seguenti))* (?:istruzion[ei]|regole|prompt(?: di sistema)?|messaggio di sistema|direttive|indicazioni)',
  ),
  refusing: words('non|mai|rifiuta(?:re|ti)?|vietato|declina(?:re)?'),
  confidential: words('riservat[aeio]|confidenzial[ei]|segret[aeio]'),
  pronouns: words('le|li|lo|esse|essi|mostrarle|ripeterle|riassumerle'),
  identity: start(
    'sei(?! tenut| obbligat| autorizzat)|lei è|il tuo (?:ruolo|nome) è|ti chiami|agisci come|interpreti|lavori (?:per|come)',
  ),
  prohibition: words(
    'mai|evita(?:re)?|eviti|vietato|proibito|non (?:devi|deve|puoi|può|è consentito|è permesso)|in nessun caso|astieniti|non \\p{L}+(?:are|ere|ire)',
  ),
  weakProhibition: words('nessun[oa]?|neanche|non'),
  contrast: start('(?:(?:e|ma|né) )?(?:mai|non \\p{L}+(?:are|ere|ire)|evita)'),
  reply: words('rispond(?:i|ere|a)|rispost[ae]|tono|dai del (?:tu|lei)'),
  shape: words(
    'formato|lingua|parole|frasi|paragrafi|in italiano|in inglese|in euro|tabella|elenco|grassetto|maiuscol[eo]|minuscol[eo]|caratteri|brevi?|breve',
  ),
  limit: words('al massimo|al minimo|almeno|non più di|massimo|(?:è|sono) (?:sempre )?(?:scritt[aeio]|indicat[aeio])'),
  modal: words(
    'devi|deve|devono|dovete|sempre|bisogna|occorre|assicurati|obbligatori[oa]|per favore|esclusivamente|(?:il tuo|la tua) (?:compito|obiettivo|missione) è',
  ),
  tentative: words('dovresti|dovrebbe|se possibile|preferibilmente|preferisci|cerca di|prova a|puoi'),
  imperative: start(
    '(?:(?:sempre|poi|prima|infine|se possibile),? )*(?:non \\p{L}+(?:are|ere|ire)|rispondi|usa|utilizza|scrivi|dai|indica|chiedi|offri|proponi|mantieni|sii|evita|termina|concludi|inizia|spiega|verifica|controlla|rifiuta|cita|segui|parla|mostra|includi|di|fai|invia|aiuta|consiglia|conferma|chiama|cerca|scegli|saluta|riassumi|traduci|classifica|leggi|consulta|avvisa|ricorda|\\p{L}{3,}[ai](?= (?:il|lo|la|i|gli|le|un|una|al|sempre) ))',
  ),
  condition: start('se|quando|prima|dopo|in caso|qualora'),
  dependency: start('questo|ciò|altrimenti|poi|anche|ma|tuttavia|però|tranne|eccetto'),
  statement: start("il|lo|la|i|gli|le|l['’]\\p{L}+|un|una|nostr[oaie]|quest[oa]|c['’]è|ci sono"),
  example: start('esempi[o]?(?: [\\p{L} ]+)?:|per esempio|ad esempio'),
  facts: heading('contesto|dati|fatti|informazioni|contatti|orari|panoramica'),
  avoided: wholeHeading('(?:vietat[oaie]|divieti|da evitare|cosa evitare|cosa non fare|mai)'),
  required: heading('regole|istruzioni|compiti|passi|obblighi|principi|comportamento'),
  formats: heading('formato|formato di (?:output|risposta)|output|rispost[ae]|lunghezza'),
  formatLeadIn: words(
    '(?:struttura|formato) (?:della|del|di ogni) \\p{L}+|(?:questi|i seguenti) (?:campi|punti)|(?:risposta|rapporto|riassunto) (?:contiene|include)',
  ),
  functionWords: wordSet('il gli di che è non per con una del della sono un le alla dei delle nel se sempre mai anche'),
};
