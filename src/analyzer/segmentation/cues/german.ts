import { heading, start, wholeHeading, words, wordSet, type LanguageCues } from './languageCues.ts';

export const german: LanguageCues = {
  disclosing: words(
    'offenleg(?:en|e|st)|preisgeb(?:en|e|t)|gib [\\p{L} ]*(?:preis|weiter|heraus|aus)|verrat(?:en|e|et)?|wiederhol(?:en|e|t)|zeig(?:en|e|t)|teil(?:en|e|t)|nenn(?:en|e|t)|zitier(?:en|e|t)|zusammenfass(?:en|t)|ausgeb(?:en|t)|ausgibt|weitergeb(?:en|t)|mitteil(?:en|t)|erwähn(?:en|e|t)|veröffentlich(?:en|e|t)|übersetz(?:en|e|t)|herausgeb(?:en|t)|auszugeben|preiszugeben|offenzulegen|zusammenzufassen|weiterzugeben',
  ),
  secrets: words(
    '(?:dies(?:e|en|er|es)?|dein(?:e|en|er)?|die|der|den|das|ihre|ihren|ihr|interne[nr]?)(?: (?:folgenden|internen|obigen|untenstehenden|obenstehenden|eigenen|vorstehenden|vertraulichen))* (?:anweisung(?:en)?|regeln?|vorgaben?|system-?prompts?|prompts?|systemanweisung(?:en)?|systemnachricht|instruktion(?:en)?|richtlinien?|hinweise|texte?s?|inhalte?)',
  ),
  refusing: words(
    'nicht|nie|niemals|kein|keine|keinen|keinesfalls|verweiger(?:e|n|st)|lehn(?:e|en|st)|ablehnen|verboten|untersagt|darf|dürfen|antworte(?:n)?(?: [\\p{L}]+)? (?:nur|ausschließlich|lediglich)|ausschließlich mit',
  ),
  confidential: words('vertraulich(?:e|en|er)?|geheim|streng geheim|nicht öffentlich|nur intern'),
  pronouns: words('sie|ihnen|diese|dies|danach|davon|daraus|ihn'),
  identity: start(
    'du bist(?! nicht| verpflichtet| angehalten)|sie sind(?! nicht| verpflichtet| angehalten)|du heißt|dein name ist|ihr name ist|deine rolle ist|ihre rolle ist|du arbeitest (?:für|als)|du spielst|agiere als|handle als|du agierst als',
  ),
  prohibition: words(
    'nie|niemals|keinesfalls|auf keinen fall|unter keinen umständen|vermeide(?:n sie)?|verzichte(?:n sie)?|unterlass(?:e|en)|verboten|untersagt|nicht (?:erlaubt|gestattet|zulässig)|(?:darf|darfst|dürfen)(?: [\\p{L}-]+){0,8} (?:nicht|kein(?:e|en|em|er)?)|(?:darf|darfst|dürfen) (?:nicht|kein(?:e|en|em|er)?)',
  ),
  weakProhibition: words('kein(?:e|en|em|er|es)?|nicht'),
  contrast: start('(?:(?:und|aber|oder|jedoch) )?(?:nie|niemals|keinesfalls|vermeide|unter keinen umständen)'),
  reply: words('antwort(?:e|en|est|et)?|tonfall|anrede|grußformel|siez(?:e|en)|duz(?:e|en)'),
  shape: words(
    'ausgabe(?:n|format)?|sprache|sätze(?:n)?|satz|wörter(?:n)?|absätze(?:n)?|aufzählung(?:en)?|auf deutsch|auf englisch|auf französisch|in euro|in chf|fettdruck|tabelle|kleinbuchstaben|großbuchstaben|stichpunkte(?:n)?|kurz|zeichen|mit einer rückfrage',
  ),
  modal: words(
    'muss|musst|müssen|soll|sollst|sollen|sollte|solltest|solltet|sollten|immer|stets|bitte|ausschließlich|unbedingt|zwingend|verpflichtet|erforderlich|(?:ist|sind)(?: [\\p{L}-]+){0,6} zu \\p{L}+en|achte(?:n)? (?:sie )?darauf|(?!bist|hast|kannst|darfst|weißt)\\p{L}{2,}st du|(?:deine|ihre) aufgaben? (?:ist|sind|besteht)|(?:dein|ihr) ziel ist',
  ),
  limit: words('höchstens|maximal|mindestens|nicht mehr als|(?:wird|werden) (?:immer |stets )?(?:als|in|mit)'),
  tentative: words(
    'soll|sollst|sollen|sollte|sollten|solltest|solltet|möglichst|wenn möglich|nach möglichkeit|bevorzuge|versuche|idealerweise|kannst|gegebenenfalls|vorzugsweise',
  ),
  imperative: start(
    '(?:(?:bitte|immer|stets|dann|danach|zuerst|zunächst|anschließend|nur|ausschließlich|niemals|nie),? )*(?:\\p{L}+en sie|seien sie|antworte|nenne?|gib|gebe|verwende|nutze|benutze|schreibe?|frage?|verweise?|bleibe?|beende|beginne|sprich|sage?|erkläre|fasse|formuliere|biete|bitte|leite|prüfe|achte|halte|behandle|beachte|befolge|vermeide|verzichte|weise|wiederhole|bestätige|erfinde|rate|runde|lehne|verrate|zeige|teile|stelle|lasse?|mache?|nimm|lies|füge|liste|sei|siez(?:e|en)|duz(?:e|en)|kürze|ergänze|begrüße|informiere|empfiehl|empfehle|erwähne|versprich|verspreche|sende|rufe?|suche?|setze?|versuche|entschuldige|übersetze|berechne|zitiere|vergleiche|melde|schließe|markiere|ignoriere|speichere|ordne|führe|unterbreite|diskutiere|kommentiere|hilf|berate|begleite|sammle|notiere|erfasse|wähle|warte|entscheide|bewerte|sortiere|entferne|lösche|erstelle|erzeuge|überprüfe|kontrolliere|hole|lege|gehe|geh|komm|folge|sorge|unterstütze|erinnere|lerne|arbeite|passe|trage|öffne|starte|stoppe|wende|kläre|löse|meide|rede|höre|lobe|korrigiere|buche|reserviere|vereinbare)|(?:nie|niemals|immer|stets|keine) \\p{L}+|du (?!bist|hast|kannst|darfst|weißt|möchtest|willst|wirst)\\p{L}+st',
  ),
  condition: start('wenn|falls|sobald|bevor|nachdem|solange|sofern|bei|für|fragt|bittet|will|möchte|verlangt|wird'),
  dependency: start(
    'dies|das (?:ist|gilt|bedeutet|heißt)|sonst|andernfalls|ansonsten|auch|aber|jedoch|außer|allerdings|es (?:sei|gilt|ist)|dann|sie (?:ist|gilt|sind|gelten)|er (?:ist|gilt)|diese (?:gilt|gelten|regel)',
  ),
  statement: start(
    'die|der|das|den|dem|unser(?:e|en|er)?|wir|es|ein(?:e|en|er)?|in|im|am|seit|kund(?:e|en|innen)|alle',
  ),
  example: start('(?:zum )?beispiel(?:e)?(?: [\\p{L} ]+)?:|zum beispiel|z\\. ?b\\.|beispielsweise'),
  facts: heading(
    'hintergrund|kontext|fakten|überblick|kontakt|kontaktdaten|informationen|wissen|daten|öffnungszeiten|über uns|glossar|stammdaten|wissenswertes',
  ),
  avoided: wholeHeading(
    "(?:verboten|verbote|tabus?|nicht erlaubt|was du (?:vermeidest|nicht tust|nicht darfst)|zu vermeiden|vermeiden|nie|niemals|no-gos?|don['’]?ts?)",
  ),
  required: heading('regeln|vorgaben|anweisungen|aufgaben?|ablauf|schritte|verhalten|pflichten|grundsätze|immer'),
  formats: heading('ausgabe|ausgabeformat|format|antwortformat|antworten|formatierung|länge'),
  formatLeadIn: words(
    '(?:aufbau|struktur|format) (?:der|des|deiner|jeder) \\p{L}+|(?:diese|folgende)[nrs]? (?:felder|schlüssel|abschnitte|teile|spalten|form)|(?:antwort|ausgabe|bericht|zusammenfassung) (?:hat|enthält|besteht aus)',
  ),
  functionWords: wordSet(
    'der die das und ist nicht sie du mit für ein eine einen den dem zu auf im wenn von bei immer oder sich auch als werden wird nach',
  ),
};
