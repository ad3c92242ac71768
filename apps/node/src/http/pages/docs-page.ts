/** `/docs`: the HTTP interface for people, made from the route table. */
import { type AnyRoute, allRoutes, errorBody, problemBody } from '@snapscale/api';
import type { ServerVersion } from '../backend.js';
import { fieldsTable, responseText, titledTypes } from './docs-schema.js';
import { docsScript } from './docs-script.js';
import { escapeHtml, inlineMarkup, logo, makePage, type Page } from './html.js';
import { baseStyle } from './style.js';

const style = `${baseStyle}
.layout{display:grid;grid-template-columns:17rem minmax(0,1fr);max-width:76rem;margin:0 auto;gap:2rem;padding:0 1.1rem}
aside{position:sticky;top:0;height:100vh;overflow:auto;padding:1.4rem 0 2rem;font-size:.9rem}
aside .brand{display:flex;align-items:center;gap:.6rem;font-weight:650;font-size:1.05rem;color:var(--text)}
aside h2{font-size:.75rem;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:1.3rem 0 .35rem}
aside ul{list-style:none;margin:0;padding:0}
aside li a{display:block;padding:.18rem .5rem;margin-left:-.5rem;border-radius:6px;color:var(--text);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
aside li a:hover{background:var(--tint);text-decoration:none}
#filter{width:100%;margin-top:1rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:9px;background:var(--card);color:var(--text);font:inherit}
main{padding:1.4rem 0 4rem;min-width:0}
main>h1{font-size:1.7rem;margin-bottom:.4rem}
.lead{max-width:46rem;margin:0 0 1rem;color:var(--soft)}
main h2{font-size:1.25rem;margin:2.4rem 0 .8rem}
article{padding:1.1rem 1.2rem;margin:0 0 1rem;scroll-margin-top:1rem}
article h3{display:flex;flex-wrap:wrap;gap:.35rem .6rem;align-items:center;font-size:1rem;font-weight:600}
article h3 a{color:var(--text);font-family:var(--mono);font-size:.95rem;overflow-wrap:anywhere}
.method{font:600 .72rem/1 var(--sans);letter-spacing:.03em;padding:.3rem .45rem;border-radius:6px;border:1px solid currentColor}
.GET{color:var(--get)}.POST{color:var(--post)}
article>p{margin:.5rem 0}
article details{margin-top:.5rem}
summary{cursor:pointer;color:var(--accent);font-size:.92rem;padding:.25rem 0}
.fields{width:100%;border-collapse:collapse;font-size:.9rem;margin:.4rem 0}
.fields th,.fields td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-top:1px solid var(--line);font-weight:400}
.fields tr:first-child>*{border-top:0}
.fields th{width:12rem}.fields td:nth-child(2){width:12rem;color:var(--soft)}
.fields .fields th,.fields .fields td:nth-child(2){width:auto}
.opt{display:inline-block;font-size:.78rem;color:var(--soft);border:1px solid var(--line);border-radius:5px;padding:0 .3rem}
form textarea{width:100%;min-height:5.5rem;padding:.6rem .8rem;border:1px solid var(--line);border-radius:9px;background:var(--code);color:var(--text);resize:vertical}
form .bar{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin-top:.5rem}
output{display:block}
output pre{max-height:26rem}
.bad{color:var(--warn)}
[hidden]{display:none!important}
@media(max-width:52rem){.layout{grid-template-columns:minmax(0,1fr);gap:0}aside{position:static;height:auto;padding-bottom:0}aside nav{max-height:13rem;overflow:auto;border:1px solid var(--line);border-radius:10px;padding:0 .9rem .6rem;margin-top:.8rem;background:var(--card)}.fields,.fields tbody{display:block}.fields tr{display:block;border-top:1px solid var(--line);padding:.45rem 0}.fields tr:first-child{border-top:0}.fields th,.fields td,.fields td:nth-child(2){display:inline;width:auto;border:0;padding:0 .5rem 0 0}.fields td:last-child{display:block}}
`;

/** Makes the page; it is the same for every visitor. */
export function docsPage({ version }: ServerVersion): Page {
  const groups = new Map<string, AnyRoute[]>();
  for (const route of allRoutes()) groups.set(route.group, [...(groups.get(route.group) ?? []), route]);
  const types = titledTypes([
    ...allRoutes().flatMap((route) => [route.request, route.response]),
    errorBody,
    problemBody,
  ]);
  const sections = [...groups].map(
    ([group, members]) =>
      `<section data-group><h2 id="${anchor(group)}">${escapeHtml(group)}</h2>${members.map(routeArticle).join('')}</section>`,
  );
  const typeArticles = [...types].map(
    ([title, schema]) =>
      `<article class="card" id="type-${title}" data-search="${escapeHtml(title.toLowerCase())}"><h3>${title}</h3>${fieldsTable(schema)}</article>`,
  );
  const body = `
<div class="layout">
<aside><a class="brand" href="/">${logo}SnapScale node</a>
<label class="sr" for="filter">Find a call</label><input id="filter" type="search" placeholder="Find a call" autocomplete="off">
<nav aria-label="Calls">${[...groups].map(navigation).join('')}</nav></aside>
<main><h1>HTTP interface</h1>
<p class="lead">Version ${escapeHtml(version)}. Antelope-compatible: eosjs, WharfKit and cleos work unchanged. Requests are JSON by POST, or query parameters by GET where shown; an empty request stands for <code>{}</code>. Integers beyond ±4294967295 are decimal strings, bytes are hex, times are UTC without a zone letter. With <code>?at=final</code> a read answers from the newest final block; without it from the newest block.</p>
<p class="lead">Failures carry EOSIO’s number, name and words of the error: see <a href="#type-Error">Error</a>. Where a node lets members in only, who is refused gets a <a href="#type-Problem">Problem</a> that says why; <a href="#v1-snap-get-access">get_access</a> says who is let in, and open it at its HTTPS port to try calls with your certificate. The whole interface as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
${sections.join('')}
<section data-group><h2 id="types">Types</h2>${typeArticles.join('')}</section>
<p id="none" class="soft" hidden>Nothing fits.</p></main>
</div>`;
  return makePage({
    title: 'SnapScale node: HTTP interface',
    description: 'Every call of a SnapScale node, with a form to try it.',
    body,
    style,
    script: docsScript,
  });
}

function navigation([group, members]: readonly [string, readonly AnyRoute[]]): string {
  const items = members.map(
    (route) =>
      `<li data-search="${searchText(route)}"><a href="#${anchor(route.path)}">${escapeHtml(shortName(route.path))}</a></li>`,
  );
  return `<h2>${escapeHtml(group)}</h2><ul>${items.join('')}</ul>`;
}

function routeArticle(route: AnyRoute): string {
  const id = anchor(route.path);
  const methods = route.methods.map((method) => `<span class="method ${method}">${method}</span>`).join('');
  const request = fieldsTable(route.request);
  const binary = route.requestType === 'application/octet-stream';
  return `<article class="card" id="${id}" data-search="${searchText(route)}">
<h3>${methods}<a href="#${id}">${escapeHtml(route.path)}</a></h3>
<p>${inlineMarkup(route.summary)}</p>${route.doc === undefined ? '' : `<p class="soft">${inlineMarkup(route.doc)}</p>`}
${request === '' ? '' : `<details open><summary>Request</summary>${request}</details>`}
<details><summary>Answer (${route.status})</summary>${responseText(route.response)}</details>
${binary || route.responseType === 'text/event-stream' ? streamHint(route) : tryForm(route, id)}
</article>`;
}

function tryForm(route: AnyRoute, id: string): string {
  const takesFields = route.request.properties === undefined || Object.keys(route.request.properties).length > 0;
  const example = JSON.stringify(route.example ?? emptyExample(route), null, 2);
  const method = route.methods.includes('POST') ? 'POST' : 'GET';
  const area = `<label class="sr" for="try-${id}">Request of ${escapeHtml(route.path)}</label><textarea id="try-${id}" spellcheck="false" autocapitalize="off">${escapeHtml(example)}</textarea>`;
  return `<details class="try"><summary>Try it</summary><form data-path="${escapeHtml(route.path)}" data-method="${method}">${takesFields && method === 'POST' ? area : ''}<div class="bar"><button class="button main" type="submit">Send</button><button class="button" type="button" data-curl>Show as curl</button><span class="soft" data-status role="status"></span></div><output></output></form></details>`;
}

function streamHint(route: AnyRoute): string {
  const command =
    route.responseType === 'text/event-stream'
      ? `curl -N "http://localhost:8888${route.path}?topics=blocks,final"`
      : `curl --data-binary @transactions.bin -H "content-type: application/octet-stream" http://localhost:8888${route.path}`;
  return `<pre><code>${escapeHtml(command)}</code></pre>`;
}

function emptyExample(route: AnyRoute): Record<string, unknown> {
  return Object.fromEntries((route.request.required ?? []).map((name) => [name, '']));
}

function searchText(route: AnyRoute): string {
  return escapeHtml(`${route.path} ${route.summary}`.toLowerCase());
}

function anchor(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function shortName(path: string): string {
  return path.split('/').at(-1)!;
}
