/** `/`: where the chain is, live, and how to reach it. */
import type { ServerVersion } from '../backend.js';
import { escapeHtml, logo, makePage, type Page } from './html.js';
import { landingScript } from './landing-script.js';
import { baseStyle } from './style.js';

const style = `${baseStyle}
main,header,footer{max-width:60rem;margin:0 auto;padding:0 1.1rem}
header{display:flex;align-items:center;gap:.7rem;padding-top:1.6rem;padding-bottom:1.2rem;flex-wrap:wrap}
header h1{font-size:1.3rem}
header nav{margin-left:auto;display:flex;gap:1.1rem;font-size:.95rem}
.figures{display:grid;grid-template-columns:repeat(4,1fr);overflow:hidden}
.figures div{padding:1.1rem 1.2rem;border-left:1px solid var(--line)}
.figures div:first-child{border-left:0}
.figures dt{font-size:.8rem;color:var(--soft)}
.figures dd{margin:.1rem 0 0;font-size:1.55rem;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.figures dd.name{font-size:1.15rem;line-height:2rem}
@media(max-width:44rem){.figures{grid-template-columns:1fr 1fr}.figures div:nth-child(3){border-left:0}.figures div:nth-child(n+3){border-top:1px solid var(--line)}header nav{margin-left:0;width:100%}}
.strip{margin-top:1rem;padding:1rem 1.2rem 1.1rem}
.strip p{margin:0 0 .7rem;font-size:.9rem;color:var(--soft);display:flex;gap:.4rem 1.2rem;flex-wrap:wrap}
.key{display:inline-flex;align-items:center;gap:.4rem}
.key::before{content:"";width:.75rem;height:.75rem;border-radius:3px;border:2px solid var(--accent)}
.key.final::before{background:var(--accent)}
.blocks{display:flex;gap:4px;height:72px;align-items:flex-end;justify-content:flex-end;overflow:hidden}
.blocks i{flex:0 0 12px;min-height:12px;border-radius:4px;border:2px solid var(--accent);transition:background .25s}
.blocks i.final{background:var(--accent)}
.health{margin-top:1rem;padding:.9rem 1.2rem}
.health ul{list-style:none;margin:0;padding:0}
.health li{display:flex;gap:.2rem .8rem;padding:.4rem 0;font-size:.95rem;flex-wrap:wrap}
.health li b{flex:0 0 6rem;font-weight:600;color:var(--soft)}
.health li.bad b{color:var(--warn)}
.health li span{flex:1 1 14rem;min-width:0;overflow-wrap:anywhere}
#problems:not(:empty){margin:.5rem 0 .3rem;padding:.2rem .9rem;border-left:3px solid var(--warn)}
.health details{margin-top:.3rem;font-size:.9rem}
.health summary{cursor:pointer;color:var(--accent);width:fit-content}
.health .state{font-size:1.02rem;font-weight:600;color:var(--text)}
.state{display:inline-flex;align-items:center;gap:.45rem;font-size:.9rem;color:var(--soft)}
.state::before{content:"";width:.6rem;height:.6rem;border-radius:50%;background:var(--soft)}
.state.live::before{background:var(--accent)}
.state.lost::before{background:var(--warn)}
.columns{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1rem;margin-top:1rem}
@media(max-width:44rem){.columns{grid-template-columns:minmax(0,1fr)}}
.columns .card{padding:1.1rem 1.2rem}
.columns h2{font-size:1.02rem;margin-bottom:.7rem}
.row{display:flex;gap:.6rem;align-items:flex-start;padding:.5rem 0;border-top:1px solid var(--line);font-size:.92rem}
.row:first-of-type{border-top:0;padding-top:0}
.row b{flex:0 0 5.2rem;font-weight:500;color:var(--soft)}
.row span{flex:1;min-width:0;overflow-wrap:anywhere}
.row button{flex:none}
.copy{border:1px solid var(--line);background:none;color:var(--soft);border-radius:7px;font:inherit;font-size:.8rem;padding:.15rem .5rem;cursor:pointer}
.copy:hover{color:var(--accent);border-color:var(--accent)}
.links{list-style:none;margin:0;padding:0}
.links li{padding:.45rem 0;border-top:1px solid var(--line);font-size:.95rem}
.links li:first-child{border-top:0;padding-top:0}
.links small{display:block;color:var(--soft)}
footer{padding-top:1.4rem;padding-bottom:2rem;color:var(--soft);font-size:.85rem}
`;

/** Makes the page; it is the same for every visitor. */
export function landingPage({ fullVersion }: ServerVersion): Page {
  const body = `
<header>${logo}<h1>SnapScale node</h1><span class="state" id="state" role="status">connecting</span>
<nav><a href="/docs">API</a><a href="/openapi.json">OpenAPI</a><a href="/metrics">Metrics</a></nav></header>
<main>
<dl class="card figures">
<div><dt>Newest block</dt><dd id="head">–</dd></div>
<div><dt>Final block</dt><dd id="final">–</dd></div>
<div><dt>Not final yet</dt><dd id="gap">–</dd></div>
<div><dt>Producer</dt><dd class="name" id="producer">–</dd></div>
</dl>
<section class="card health" aria-label="Health"><span class="state" id="condition" role="status">Health is being asked for</span><ul id="problems"></ul><details><summary>What is in order</summary><ul id="checks"></ul></details></section>
<section class="card strip" aria-label="Newest blocks"><p><span class="key final">final</span><span class="key">not yet</span><span id="when"></span></p><div class="blocks" id="blocks" aria-hidden="true"></div></section>
<div class="columns">
<section class="card"><h2>Connect</h2>
<div class="row"><b>Node</b><span class="mono" id="url">–</span><button class="copy" type="button" data-copy="url">Copy</button></div>
<div class="row"><b>Chain id</b><span class="mono" id="chain">–</span><button class="copy" type="button" data-copy="chain">Copy</button></div>
<div class="row"><b>Let in</b><span id="access">–</span></div>
<div class="row"><b>Command</b><span class="mono" id="command">–</span><button class="copy" type="button" data-copy="command">Copy</button></div>
<div class="row"><b>Stream</b><span class="mono" id="stream">–</span><button class="copy" type="button" data-copy="stream">Copy</button></div>
</section>
<section class="card"><h2>Look around</h2>
<ul class="links">
<li><a href="/docs">API, with a form to try each call</a><small>Antelope-compatible: eosjs, WharfKit and cleos work unchanged</small></li>
<li><a href="/v1/chain/get_info">get_info</a><small>State of the chain as JSON</small></li>
<li><a href="/v1/node/health">Health</a> · <a href="/v1/node/ready">Readiness</a><small>For alarms and load balancers</small></li>
<li><a href="/openapi.json">OpenAPI 3.1 document</a><small>For generators of clients</small></li>
</ul></section>
</div>
</main>
<footer>SnapScale ${escapeHtml(fullVersion)}</footer>`;
  return makePage({
    title: 'SnapScale node',
    description: 'State of this node and how to reach it.',
    body,
    style,
    script: landingScript,
  });
}
