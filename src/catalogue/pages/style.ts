/**
 * The whole style of the catalogue. System fonts, no image, no animation: nothing moves while a page loads. Every pair of colours that
 * carries text has a contrast of 4.5 or more; a class is always a word beside its colour.
 */
export const STYLE: string = `
:root{color-scheme:light dark;--page:#fcfcfb;--ink:#16181d;--soft:#596070;--line:#e2e4e8;--well:#f4f5f7;--accent:#2450c4;--accent-ink:#fff;--mark:#ffe9a8;--mark-ink:#4a3800;
--read:#0a655c;--read-well:#e0f2ef;--write:#1c51ad;--write-well:#e4edfb;--execute:#7d4b00;--execute-well:#fbeed6;--destructive:#a8221b;--destructive-well:#fce7e5;--financial:#742a9f;--financial-well:#f4e8fb;
--low:#47604f;--medium:#7a5600;--high:#a8430a;--critical:#a8221b;--off:#d3d6dc;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{--page:#111317;--ink:#e9ebef;--soft:#a2a9b6;--line:#2a2e36;--well:#191c22;--accent:#8fb2ff;--accent-ink:#0c1730;--mark:#5c4a12;--mark-ink:#fff1c4;
--read:#7fd6c8;--read-well:#11302c;--write:#a0c3ff;--write-well:#16294a;--execute:#f0c272;--execute-well:#38290c;--destructive:#ffa198;--destructive-well:#421b18;--financial:#dcabff;--financial-well:#321b44;
--low:#9db9a6;--medium:#e0bd6a;--high:#ffab7a;--critical:#ffa198;--off:#3a3f49}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scrollbar-gutter:stable}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.6 var(--sans);overflow-wrap:anywhere}
.inner,main{max-width:70rem;margin:0 auto;padding:0 1.5rem}
main{padding-top:1.75rem;padding-bottom:4rem;min-height:70vh}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.2em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
.hidden{position:absolute;width:1px;height:1px;margin:-1px;padding:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap;border:0}
.skip{position:absolute;left:-999rem;top:0;background:var(--ink);color:var(--page);padding:.5rem 1rem;z-index:2}
.skip:focus{left:0}
h1{font-size:clamp(1.625rem,1.3rem + 1.6vw,2.375rem);line-height:1.15;letter-spacing:-.02em;font-weight:680;margin:0 0 .75rem;text-wrap:balance}
h1.name{font-weight:600;letter-spacing:-.03em}
h1.long{text-wrap:wrap}
h1.quiet{font-size:1.25rem;letter-spacing:-.01em;margin-bottom:1rem}
h1 .cat,h1 .risk{font-size:inherit;background:none;padding:0}
h1 .scale{width:1.5em;height:1em;margin-right:.3em}
h2{font-size:1.1875rem;line-height:1.3;letter-spacing:-.01em;font-weight:650;margin:0 0 .625rem}
h3{font-size:1rem;font-weight:650;margin:1.75rem 0 .25rem}
p{margin:0 0 .875rem;max-width:44rem}
.lede{font-size:1.125rem;line-height:1.55;color:var(--soft);margin-bottom:1.5rem;text-wrap:pretty}
.lede strong{color:var(--ink);font-weight:600}
.soft,small{color:var(--soft)}
.kind{font-size:.875rem;color:var(--soft);margin:0 0 .25rem}
section{margin:0 0 2.75rem}
code,pre,.name{font-family:var(--mono)}
code{font-size:.9em}
mark{background:var(--mark);color:var(--mark-ink);border-radius:3px;padding:0 .15em;font-family:var(--mono);font-size:.85em;font-weight:400;letter-spacing:0}
b,strong{font-weight:650}
ul,ol{margin:0;padding:0;list-style:none}
.top{border-bottom:1px solid var(--line)}
.top .inner{display:flex;align-items:center;gap:1.5rem;min-height:3.75rem}
.brand{display:flex;align-items:center;gap:.5rem;font-weight:650;color:var(--ink);text-decoration:none;letter-spacing:-.01em;white-space:nowrap}
.brand svg{flex:none;color:var(--accent)}
.brand .of{font-weight:400;color:var(--soft)}
.top nav{display:flex;gap:1.25rem;font-size:.9375rem}
.top nav a{color:var(--ink);text-decoration:none;padding:.5rem 0}
.top nav a:hover{text-decoration:underline}
.quick{margin-left:auto}
.quick input{width:14rem}
input,select,textarea,button,.button{font:inherit;color:inherit}
input,select,textarea{background:var(--page);border:1px solid #8a919e;border-radius:8px;padding:.4375rem .75rem;min-height:2.5rem;max-width:100%}
::placeholder{color:var(--soft);opacity:1}
.top input{min-height:2.25rem;font-size:.9375rem}
button,.button{background:var(--accent);color:var(--accent-ink);border:1px solid transparent;border-radius:8px;padding:.4375rem 1.125rem;min-height:2.5rem;font-weight:600;cursor:pointer;text-decoration:none;display:inline-block}
button:hover,.button:hover{filter:brightness(1.1)}
.crumbs ol{display:flex;flex-wrap:wrap;gap:.125rem .5rem;font-size:.875rem;margin-bottom:1.5rem;color:var(--soft)}
.crumbs li+li::before{content:"/";margin-right:.5rem;color:var(--soft)}
.crumbs a{color:var(--soft)}
.hero{margin:1.5rem 0 3rem}
.search{margin:0 0 1.5rem}
.field{display:flex;gap:.5rem;max-width:46rem}
.field input{flex:1;min-width:0;min-height:3.125rem;font-size:1.0625rem;padding:.625rem 1rem}
.field button{min-height:3.125rem}
.filters{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.625rem}
.filters select{font-size:.875rem;min-height:2.25rem;padding:.25rem .5rem;border-color:var(--line);background:var(--well);width:10.25rem}
.waiting{min-height:100vh}
.searching>section:not(.hero){display:none}
.outcome{color:var(--soft);margin-bottom:.5rem}
.outcome strong{color:var(--ink)}
.empty,.note{background:var(--well);border-radius:10px;padding:1.125rem 1.25rem;max-width:46rem;margin:0 0 1.5rem}
.empty p:last-child{margin:0}
.note.bad{background:var(--destructive-well);color:var(--destructive)}
.heading{display:flex;align-items:baseline;justify-content:space-between;gap:1rem;flex-wrap:wrap;margin-bottom:.625rem}
.heading h2{margin:0}
.tiles{display:grid;gap:1.25rem 1.5rem;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr))}
.tiles li{border-top:2px solid var(--line);padding-top:.625rem}
.tile{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .625rem;color:inherit;text-decoration:none}
.tile .cat,.tile .risk{flex:0 0 100%;width:max-content;flex-basis:auto}
.tile::before{content:"";flex:0 0 100%;order:1}
.tile b{order:2;font-size:1.75rem;line-height:1.3;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tile small{order:3}
.tile:hover b{text-decoration:underline;text-decoration-thickness:2px}
.tiles p{font-size:.875rem;line-height:1.45;color:var(--soft);margin:0}
.pair{display:grid;gap:2rem 3rem;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr))}
.pair h2{margin-bottom:0}
.chips{display:flex;flex-wrap:wrap;gap:.375rem}
.chips a{display:inline-block;border:1px solid var(--line);border-radius:99px;padding:.1875rem .75rem;font-size:.875rem;color:var(--ink);text-decoration:none}
.chips a:hover{border-color:var(--accent)}
.chips a span{color:var(--soft);font-variant-numeric:tabular-nums}
.chips a[aria-current]{background:var(--ink);border-color:var(--ink);color:var(--page)}
.chips a[aria-current] span{color:inherit}
.siblings{margin-bottom:1.75rem}
.cat{display:inline-block;border-radius:5px;padding:.0625rem .4375rem;font-size:.8125rem;font-weight:600;line-height:1.5;white-space:nowrap}
.c-read{color:var(--read);background:var(--read-well)}.c-write{color:var(--write);background:var(--write-well)}.c-execute{color:var(--execute);background:var(--execute-well)}.c-destructive{color:var(--destructive);background:var(--destructive-well)}.c-financial{color:var(--financial);background:var(--financial-well)}
.f-read{fill:var(--read)}.f-write{fill:var(--write)}.f-execute{fill:var(--execute)}.f-destructive{fill:var(--destructive)}.f-financial{fill:var(--financial)}
.risk{display:inline-flex;align-items:center;gap:.375rem;font-size:.8125rem;font-weight:600;line-height:1.5;white-space:nowrap}
.r-low{color:var(--low)}.r-medium{color:var(--medium)}.r-high{color:var(--high)}.r-critical{color:var(--critical)}
.scale{flex:none;fill:currentColor}.scale .off{fill:var(--off)}
.bar{display:block;width:100%;height:.5rem;border-radius:99px;background:var(--line)}
.verdict{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.25rem;margin:0 0 2rem}
.verdict .cat,.verdict .risk{font-size:1rem}
.verdict .cat{padding:.125rem .625rem}
.confidence{color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums;margin-bottom:.875rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);font-weight:400}
thead th{overflow-wrap:normal;font-size:.8125rem;color:var(--soft);padding-top:0;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
td{overflow-wrap:normal}
td.name,td .name{overflow-wrap:anywhere}
td small,th small{display:block;font-size:.8125rem;line-height:1.45}
.tools td,.servers td{padding-top:.5625rem;white-space:nowrap;width:1%}
.tools td+td,.tools td{padding-right:1.5rem}
.servers td.wide{width:14rem;min-width:8rem;padding-top:.875rem}
.num{text-align:right!important;padding-right:1.5rem!important}
.tools .name,.servers a{font-weight:600;text-decoration:none}
.tools .name{font-size:.90625rem;font-weight:500}
.tools .name:hover,.servers a:hover{text-decoration:underline}
.flag{color:var(--high);font-weight:600}
.split{display:grid;gap:1.5rem 4rem;grid-template-columns:minmax(0,1fr) 19rem;align-items:start}
.split>dl{margin:0}
.facts{background:var(--well);border-radius:12px;padding:1.125rem 1.25rem;font-size:.875rem;line-height:1.5}
.facts dt{color:var(--soft);font-size:.8125rem}
.facts dd{margin:0 0 .625rem}
.facts dd:last-child{margin:0}
.plain li{margin:0}
.hash{font-size:.6875rem;line-height:1.4;display:block;color:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:.375rem 1.25rem;margin:.875rem 0 0;font-size:.9375rem}
.legend+h2{margin-top:2.25rem}
.figure{font-variant-numeric:tabular-nums}
.findings li{border-left:3px solid var(--high);padding-left:1rem;margin:0 0 1.25rem}
.findings p{margin:0 0 .125rem}
.names{font-size:.875rem}
.names a{margin-right:.625rem}
.code{position:relative;max-width:54rem;margin:0 0 .875rem}
pre{margin:0;background:var(--well);border-radius:10px;padding:.875rem 1.125rem;font-size:.8125rem;line-height:1.6;overflow-x:auto;max-height:32rem;tab-size:2}
pre code{font-size:inherit;overflow-wrap:normal;white-space:pre}
.copy{position:absolute;top:.5rem;right:.5rem;min-height:1.875rem;padding:.125rem .625rem;font-size:.8125rem;background:var(--page);color:var(--ink);border-color:var(--line)}
.rules{max-width:54rem}
details{border-top:1px solid var(--line)}
details:last-child{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.625rem 0;font-weight:600}
details p{margin:0 0 .625rem}
.questions{border-top:1px solid var(--line);padding-top:2.25rem}
.questions .code{margin-top:.5rem}
.pager ul{display:flex;flex-wrap:wrap;gap:.25rem;margin-top:1.25rem;font-size:.9375rem;font-variant-numeric:tabular-nums}
.pager li>*{display:block;min-width:2.25rem;text-align:center;padding:.25rem .625rem;border-radius:6px;text-decoration:none}
.pager a:hover{background:var(--well)}
.pager [aria-current]{background:var(--ink);color:var(--page)}
.near{margin-bottom:1.25rem}.near li{padding:.25rem 0}
button+p{margin-top:.875rem}
.contact{max-width:40rem}
.row{margin-bottom:1.125rem}
.row label{display:block;font-weight:600;margin-bottom:.25rem}
.row label .soft{font-weight:400;margin-left:.25rem}
.row input,.row textarea{width:100%;display:block}
textarea{resize:vertical;min-height:9rem;line-height:1.5}
.problem{color:var(--destructive);margin:.25rem 0 0;font-size:.875rem}
.trap{position:absolute;left:-999rem}
footer{border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
footer .inner{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 2rem;padding-top:1.25rem;padding-bottom:2rem}
footer p{margin:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
footer a{color:var(--soft)}
@media (max-width:60rem){.split{grid-template-columns:minmax(0,1fr)}.split.tool>dl{grid-row:1}.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.25rem 1rem}.facts dt,.facts dd{margin:0;font-size:.875rem}}
@media (max-width:40rem){.inner,main{padding-left:1rem;padding-right:1rem}main{padding-top:1.25rem}.top .inner{gap:0 1rem;flex-wrap:wrap;padding-top:.5rem;padding-bottom:.5rem}.brand .of{display:none}.top nav{margin-left:auto;gap:1rem}.quick{flex:0 0 100%;margin:.25rem 0}.quick input{width:100%}.hero{margin-top:.5rem}.filters label{flex:1 1 calc(50% - .25rem)}.filters select{width:100%}.wide{display:none}.tools td{padding-right:.75rem}.tools td:nth-child(3){padding-right:0}.num{padding-right:.75rem!important}.num:last-child,.servers td:nth-child(3),.servers th:nth-child(3){padding-right:0!important}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.field button{padding:.4375rem .875rem}section{margin-bottom:2.25rem}.servers thead th{white-space:normal}}
@media (scripting:enabled) and (max-width:40rem){pre{padding-top:2.75rem}}
@media (forced-colors:active){.cat,.facts,pre,.chips a{border:1px solid}button,.button{border-color:ButtonText}}
@media print{.top nav,.quick,.search,.pager,.copy,footer{display:none}details::details-content{content-visibility:visible}}
`.trim();

/** The icon of a tab. */
export const ICON: string = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2450c4" stroke-width="2" stroke-linejoin="round"><path d="M12 3l8 3v6c0 4.6-3.2 7.9-8 9-4.8-1.1-8-4.4-8-9V6z"/><path d="M8.5 12l2.5 2.5 4.5-5" stroke-linecap="round"/></svg>\n';
