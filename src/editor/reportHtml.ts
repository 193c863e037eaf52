/** What the page of the report needs from the editor. */
export interface ReportPage {
  readonly scriptUri: string;
  readonly styleUri: string;
  /** The webview's own origin, for the content security policy. */
  readonly cspSource: string;
  /** Unguessable, new for every page. */
  readonly nonce: string;
  readonly language: string;
  readonly title: string;
}

/** The page around the report's script. It holds no data: that arrives by messages and is rendered as text. */
export function reportHtml({ scriptUri, styleUri, cspSource, nonce, language, title }: ReportPage): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${attribute(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta property="csp-nonce" content="${attribute(nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${attribute(title)}</title>
<link rel="stylesheet" nonce="${attribute(nonce)}" href="${attribute(styleUri)}">
</head>
<body>
<script nonce="${attribute(nonce)}" src="${attribute(scriptUri)}"></script>
</body>
</html>
`;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
