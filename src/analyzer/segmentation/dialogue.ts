const speakers = 'user|human|assistant|customer|agent|kunde|kundin|nutzer|utilisateur|usuario|cliente?';
/** `User: hi`, with or without bold. */
const turn = new RegExp(`^(?:\\*\\*)?(?:${speakers})(?:\\*\\*)?:(?:\\*\\*)?[ \\t]+\\S`, 'i');
const labelledLine = /^(?:\*\*)?[\p{L}][\p{L} ]{0,20}(?:\*\*)?:(?:\*\*)?[ \t]+\S/u;
const answerLine =
  /^(?:\*\*)?(?:assistant|ai|bot|agent|a|answer|output|response|result|label|class|category|sentiment|translation|summary|antwort|ausgabe|réponse|sortie|respuesta|salida|risposta|resposta)(?:\*\*)?:(?:\*\*)?[ \t]+\S/i;

/** True of a turn of an example dialogue, and of an example input with its output. */
export function isDialogue(text: string): boolean {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length === 1) return turn.test(text);
  return labelledLine.test(lines[0]!) && lines.slice(1).some((line) => answerLine.test(line.trim()));
}
