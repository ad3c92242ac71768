/** Making self-contained HTML pages: escaping, the common frame, and a content policy that allows nothing else. */
import { createHash } from 'node:crypto';

/** A page, ready to be sent. */
export type Page = { readonly html: string; readonly headers: Readonly<Record<string, string>> };

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Text with `code` between backticks, escaped. */
export function inlineMarkup(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** The mark: two blocks, one locked onto the other. */
export const logo =
  '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><rect x="2" y="2" width="18" height="18" rx="5" fill="none" stroke="currentColor" stroke-width="3"/><rect x="12" y="12" width="18" height="18" rx="5" fill="currentColor"/></svg>';

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect x='2' y='2' width='18' height='18' rx='5' fill='none' stroke='%230f9d8a' stroke-width='3'/%3E%3Crect x='12' y='12' width='18' height='18' rx='5' fill='%230f9d8a'/%3E%3C/svg%3E";

/** Puts a page together. The style and the script stand in it and are allowed by their hashes alone. */
export function makePage(parts: {
  readonly title: string;
  readonly description: string;
  readonly body: string;
  readonly style: string;
  readonly script: string;
}): Page {
  const { title, description, body, style, script } = parts;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<meta name="description" content="${escapeHtml(description)}">
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
${body}
<script>${script}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    html,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cache-control': 'no-cache',
    },
  };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
