/** The words of one language that dictate an answer, as alternatives of regular expressions; a space stands for any gap. */
export interface Cues {
  /** Asks for an answer as a whole: "reply". */
  readonly answer: string;
  /** Asks for words, which are the whole answer only with a condition, a colon or "only": "say". */
  readonly say: string;
  /** Asks for output, which is the whole answer only with "only": "return". */
  readonly output?: string;
  /** Stands between the verb and what is to be said, in any number: whom, how, with, the phrase. */
  readonly between: string;
  /** Says that nothing else is answered. */
  readonly exclusive: string;
  readonly condition: string;
  /** May stand right before the verb; any other word makes somebody else its subject. */
  readonly before: string;
  readonly negation: string;
}

const listeners =
  'users?|customers?|clients?|guests?|callers?|visitors?|students?|patients?|persons?|questions?|requests?|messages?|inquir(?:y|ies)|quer(?:y|ies)|attempts?';

const english: Cues = {
  answer: 'reply|respond|answer',
  say: 'say|state|tell (?:them|him|her|the (?:user|customer|client|guest|caller|visitor|student|patient))',
  output: 'return|output|print|write',
  between: `(?:to )?(?:them|him|her|it|(?:the|any|all|such|this|that|these|those|your) (?:\\p{L}+ )?(?:${listeners}))|to|only|exactly|just|simply|always|instead|back|verbatim|politely|strictly|firmly|kindly|immediately|solely|with|using|by saying|by stating|the|this|that|following|exact|fixed|standard|single|same|phrase|sentence|words?|message|text|line|answer|response|reply|refusal|statement|string|a|an|as follows`,
  exclusive:
    'only|exactly|just|solely|verbatim|nothing else|nothing more|no other (?:text|words?)|no (?:further|additional) (?:text|words?|explanation|comment)',
  condition:
    'if|when|whenever|in case|should|once|asked|for (?:any|all|other|such)|in response to|upon|otherwise|instead',
  before:
    'and|then|only|just|always|must|should|please|simply|instead|you|will|shall|politely|immediately|kindly|strictly|exactly|solely|(?:have|need|are|sure|remember|required|instructed) to',
  negation: "not|never|don['’]?t|cannot|can['’]t|mustn['’]t|shouldn['’]t|avoid|without|refrain|no",
};

const german: Cues = {
  answer: 'antworte|antworten Sie|erwidere|erwidern Sie|entgegne|entgegnen Sie',
  say: 'sage?|sagen Sie|schreibe?|schreiben Sie',
  between:
    'nur|ausschließlich|lediglich|immer|stets|genau|exakt|bitte|dann|stattdessen|einfach|höflich|darauf|ihm|ihr|ihnen|dem (?:Nutzer|Kunden|Gast)|mit|dem|den|der|diesem|diesen|folgendem|folgenden|folgender|Satz|Text|Wort(?:en)?|Antwort|Hinweis',
  exclusive: 'nur|ausschließlich|lediglich|genau|exakt|nichts anderes|sonst nichts',
  condition: 'wenn|falls|sobald|sollten?|bei (?:Fragen|Anfragen)|auf (?:Fragen|Anfragen)',
  before: 'und|dann|bitte|immer|stets|stattdessen|nur',
  negation: 'nicht|nie|niemals|kein\\p{L}*',
};

const french: Cues = {
  answer: 'réponds|répondez',
  say: 'dis|dites|écris|écrivez',
  between:
    'uniquement|seulement|simplement|exactement|toujours|alors|poliment|juste|lui|leur|par|avec|en disant|la|le|les|cette|ce|ces|phrase|mots?|message|texte|réponse|suivante?s?',
  exclusive: "uniquement|seulement|exactement|juste|rien d['’]autre",
  condition: "si|s['’]ils?|quand|lorsque?|lorsqu['’]|en cas de|à toute question",
  before: 'et|puis|alors|toujours|veuillez|simplement',
  negation: 'ne|jamais|pas',
};

const spanish: Cues = {
  answer: 'responde|responda|contesta|conteste',
  say: 'di|diga|escribe|escriba',
  between:
    'solo|sólo|solamente|únicamente|exactamente|siempre|simplemente|entonces|con|la|el|las|los|esta|este|frase|palabras?|mensaje|texto|respuesta|siguientes?|lo',
  exclusive: 'solo|sólo|solamente|únicamente|exactamente|nada más',
  condition: 'si|cuando|en caso de|ante',
  before: 'y|e|entonces|siempre|solo|sólo|por favor|simplemente',
  negation: 'no|nunca|jamás',
};

const italian: Cues = {
  answer: 'rispondi|risponda|rispondete',
  say: "di['’]|dì|dica|scrivi|scriva",
  between:
    'solo|soltanto|solamente|esclusivamente|unicamente|esattamente|sempre|semplicemente|con|dicendo|la|il|le|questa|questo|frase|parol[ae]|messaggio|testo|risposta|seguent[ei]',
  exclusive: "solo|soltanto|solamente|esclusivamente|unicamente|esattamente|nient['’]altro",
  condition: 'se|quando|qualora|in caso di',
  before: 'e|poi|allora|sempre|solo|soltanto|per favore|semplicemente',
  negation: 'non|mai',
};

const portuguese: Cues = {
  answer: 'responda|responde',
  say: 'diga|diz|escreva',
  between:
    'apenas|somente|só|unicamente|exatamente|sempre|simplesmente|então|com|a|o|as|os|esta|este|frase|palavras?|mensagem|texto|resposta|seguintes?',
  exclusive: 'apenas|somente|só|unicamente|exatamente|nada mais',
  condition: 'se|quando|caso|em caso de',
  before: 'e|então|sempre|apenas|somente|só|por favor|simplesmente',
  negation: 'não|nunca|jamais',
};

/** Languages whose verb stands before what is to be said. */
export const cueLanguages: readonly Cues[] = [english, german, french, spanish, italian, portuguese];
