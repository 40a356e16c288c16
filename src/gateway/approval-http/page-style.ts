/**
 * The whole style of the approval pages: no font, image or file is loaded from anywhere. The arguments have no height of their own: what
 * stood below the fold of a box would be approved unseen.
 */
export const PAGE_STYLE: string = `
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--ink:#16181d;--soft:#565c67;--line:#d9dce2;--well:#f6f7f9;--accent:#1f5fd6;--go:#14703c;--go-ink:#fff;--stop:#b3261e;--stop-well:#fdeceb;--go-well:#e7f5ec;--warn-well:#fff4d6;--warn-ink:#6b4b00;--mark:#ffe08a;--mark-ink:#3d2c00;--text:#1c4fa8}
@media (prefers-color-scheme:dark){:root{--page:#101216;--card:#1a1d23;--ink:#eceef2;--soft:#a4abb8;--line:#343943;--well:#12151a;--accent:#8ab4ff;--go:#2e9e5b;--go-ink:#04150b;--stop:#ff8a80;--stop-well:#3a1a18;--go-well:#12301f;--warn-well:#3a2e0c;--warn-ink:#ffdd8a;--mark:#6b5310;--mark-ink:#fff3cf;--text:#9cc2ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:44rem;margin:0 auto;padding:1.5rem 1rem 3rem}
header{display:flex;align-items:center;gap:.5rem;color:var(--soft);font-size:.875rem;font-weight:600;margin:0 0 1rem}
header svg{width:1.125rem;height:1.125rem;flex:none}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.5rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:.8125rem;font-weight:600;color:var(--soft);margin:0 0 .5rem}
p{margin:0 0 1rem}
.lede{font-size:1.0625rem;margin-bottom:1.25rem}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
.name{font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.5rem 1.25rem;margin:0 0 1.5rem}
dt{color:var(--soft)}
dd{margin:0}
section{margin:0 0 1.5rem}
pre{background:var(--well);border:1px solid var(--line);border-radius:10px;margin:0;padding:.875rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.55;tab-size:2}
pre .key,pre .text{unicode-bidi:isolate}
pre .key{font-weight:600}
pre .text{color:var(--text)}
mark{background:var(--mark);color:var(--mark-ink);border-radius:3px;padding:0 .15em}
.note{border-radius:10px;padding:.75rem 1rem;margin:0 0 1.25rem}
.note p:last-child,.card>:last-child{margin-bottom:0}
.warn{background:var(--warn-well);color:var(--warn-ink)}
h2+.soft{font-size:.875rem;margin-bottom:.5rem}
pre+.note{margin:.5rem 0 0;font-size:.875rem;padding:.5rem .75rem}
.bad{background:var(--stop-well)}
.good{background:var(--go-well)}
ul{margin:0;padding:0;list-style:none}
li+li{margin-top:.5rem}
.soft{color:var(--soft)}
label{display:block;font-weight:600;margin:0 0 .375rem}
label .soft{font-weight:400}
input[type=password],textarea{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:10px;padding:.625rem .75rem;margin:0 0 1rem}
textarea{min-height:4.5rem;resize:vertical;display:block}
.actions{display:flex;gap:.75rem}
button{font:inherit;font-weight:600;border-radius:10px;border:1px solid transparent;padding:.6875rem 1.25rem;min-height:2.875rem;cursor:pointer;flex:1}
.go{background:var(--go);color:var(--go-ink)}
.stop{background:transparent;color:var(--stop);border-color:currentColor}
.plain{background:var(--ink);color:var(--card);flex:none}
button:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
a{color:var(--accent)}
footer{color:var(--soft);font-size:.8125rem;margin:1rem .25rem 0;overflow-wrap:anywhere}
@media (max-width:30rem){main{padding:1rem .75rem 2rem}.card{padding:1.125rem 1rem}h1{font-size:1.3125rem}dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .75rem}.actions{flex-direction:column-reverse}.plain{width:100%}}
@media (forced-colors:active){.go,.stop,.plain{border-color:ButtonText}}
@media print{.actions,form{display:none}}
`.trim();

/**
 * Takes the secret out of the fragment, which no server and no log ever sees, sends it in the body of a form, and clears it from the
 * address. Everything else works without it.
 */
export const PAGE_SCRIPT: string = `
(function(){
var form=document.getElementById('open'),secret=location.hash.slice(1);
if(form&&/^[A-Za-z0-9_-]{20,200}$/.test(secret)){history.replaceState(null,'',location.pathname+location.search);form.elements.secret.value=secret;form.submit();return}
var times=document.querySelectorAll('time');
for(var i=0;i<times.length;i++){var at=new Date(times[i].dateTime);if(!isNaN(at))times[i].textContent=at.toLocaleString(undefined,{dateStyle:'medium',timeStyle:'short'})}
var left=document.querySelector('[data-until]');
function tick(){var s=Math.round((Date.parse(left.dataset.until)-Date.now())/1000);if(s<=0){left.textContent='This request has expired.';return}
left.textContent=s<60?'Less than a minute left':s<5400?Math.round(s/60)+' minutes left':Math.round(s/3600)+' hours left';setTimeout(tick,5000)}
if(left)tick();
})();
`.trim();
