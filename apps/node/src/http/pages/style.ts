/** The look that the pages share. */
export const baseStyle = `
:root{--bg:#f6f7f9;--card:#fff;--line:#e2e5ea;--text:#17202b;--soft:#5c6875;--accent:#0b8575;--accent-ink:#fff;--tint:#e3f3f0;--code:#f0f2f5;--warn:#b4442c;--get:#2563a8;--post:#0b8575;--shadow:0 1px 2px rgb(20 30 40/.06),0 4px 16px rgb(20 30 40/.05);--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
@media(prefers-color-scheme:dark){:root{--bg:#0d1218;--card:#151c24;--line:#26303b;--text:#e6ebf0;--soft:#93a1ae;--accent:#3cc4ae;--accent-ink:#06211d;--tint:#12302c;--code:#0f151b;--warn:#f08a70;--get:#7fb2ef;--post:#3cc4ae;--shadow:none}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}*{transition:none!important;animation:none!important}}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.55 var(--sans)}
a{color:var(--accent);text-decoration:none}
a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
code,pre,textarea,.mono{font-family:var(--mono);font-size:.875em}
code{background:var(--code);border-radius:5px;padding:.1em .35em;overflow-wrap:anywhere}
pre{background:var(--code);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;overflow:auto;margin:.5rem 0;line-height:1.45}
pre code{background:none;padding:0}
h1,h2,h3{line-height:1.2;letter-spacing:-.01em;margin:0}
.logo{width:28px;height:28px;color:var(--accent);flex:none}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;box-shadow:var(--shadow)}
.soft{color:var(--soft)}
.button{appearance:none;border:1px solid var(--line);background:var(--card);color:var(--text);font:inherit;font-size:.9rem;border-radius:9px;padding:.4rem .85rem;cursor:pointer;min-height:38px}
.button:hover{border-color:var(--accent)}
.button.main{background:var(--accent);border-color:var(--accent);color:var(--accent-ink);font-weight:600}
.button:disabled{opacity:.6;cursor:default}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
`;
