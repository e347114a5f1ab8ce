import { type Palette, palettesOf, type ThemeColors } from "./colors.ts";

function variables(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");
}

/** The style sheet of a course's pages in the colours of its theme, for light and dark, phone and desktop. */
export function styleSheet(theme: ThemeColors): string {
  const { light, dark } = palettesOf(theme);
  return `:root{color-scheme:light dark;${variables(light)}}
@media(prefers-color-scheme:dark){:root{${variables(dark)}}}${rules}`;
}

const rules = `
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:1.0625rem/1.65 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;overflow-wrap:break-word}
h1,h2,h3{line-height:1.2;margin:0 0 .75rem;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:clamp(1.9rem,1.3rem + 2.6vw,3rem);letter-spacing:-.01em}
h2{font-size:clamp(1.35rem,1.15rem + .9vw,1.75rem)}
h3{font-size:1.1rem}
p,ul,ol{margin:0 0 1rem}
a{color:var(--strong);text-underline-offset:.2em}
a:focus-visible,button:focus-visible,summary:focus-visible{outline:3px solid var(--strong);outline-offset:3px;border-radius:.25rem}
.wide{max-width:70rem;margin:0 auto;padding:0 1.25rem}
.skip{position:absolute;left:-999rem;top:0;background:var(--ground);padding:.75rem 1rem}
.skip:focus{left:0}
.notice{background:var(--text);color:var(--ground);font-size:.95rem;text-align:center;padding:.5rem 1.25rem;margin:0}
.hero{background:var(--hero);border-top:.4rem solid var(--accent);border-bottom:1px solid var(--line);padding:3.25rem 0 3rem}
.hero p{max-width:46rem;margin:0 0 1.25rem}
.lead{font-size:1.2rem;line-height:1.55}
.chips{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0;margin:0 0 1.5rem}
.chips li{border:1px solid var(--line);border-left:.25rem solid var(--secondary);background:var(--ground);border-radius:.375rem;padding:.15rem .7rem;font-size:.97rem}
.go{display:flex;flex-wrap:wrap;align-items:center;gap:.9rem 1.4rem}
.go form{margin:0}
.price{font-size:1.5rem;font-weight:700}
.button,button{display:inline-block;border:0;border-radius:.5rem;background:var(--strong);color:var(--onStrong);font:inherit;font-weight:650;text-decoration:none;padding:.8rem 1.6rem;cursor:pointer;max-width:100%}
.button:hover,button:hover{filter:brightness(1.08)}
.columns{display:grid;gap:2.5rem;padding-top:2.75rem;padding-bottom:1rem}
.columns>*{min-width:0}
section{margin:0 0 2.75rem}
.points{padding:0;list-style:none;margin:0}
.points li{position:relative;padding:.25rem 0 .25rem 1.75rem}
.points li::before{content:"";position:absolute;left:.2rem;top:.85rem;width:.8rem;height:.4rem;border:solid var(--strong);border-width:0 0 .16rem .16rem;transform:rotate(-45deg)}
.points.not li::before{border-width:.16rem 0 0;height:0;transform:none;top:1.05rem;border-color:var(--muted)}
.pair{display:grid;gap:2rem}
.module{border:1px solid var(--line);border-radius:.6rem;background:var(--surface);padding:1rem 1.2rem;margin:0 0 .9rem}
.module h3{margin:0 0 .2rem}
.module p{margin:0 0 .4rem}
.meta{color:var(--muted);font-size:.95rem}
.lessons{list-style:none;margin:.5rem 0 0;padding:0}
.lessons li{display:flex;justify-content:space-between;gap:1rem;border-top:1px solid var(--line);padding:.45rem 0}
.lessons li>:last-child:not(:first-child){white-space:nowrap}
.tag{border:1px solid var(--strong);color:var(--strong);border-radius:1rem;padding:.05rem .6rem;font-size:.85rem;white-space:nowrap;margin-left:.4rem}
.card{border:1px solid var(--line);border-radius:.75rem;background:var(--surface);padding:1.4rem}
.card h2{font-size:1.25rem}
.card dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:0 0 1.25rem}
.card dt{color:var(--muted)}
.card dd{margin:0;text-align:right}
.card button,.card .button{width:100%;text-align:center}
.card .points{margin:0 0 1.25rem}
.card>:last-child{margin-bottom:0}
blockquote{margin:0 0 1.1rem;padding:.2rem 0 .2rem 1.1rem;border-left:.25rem solid var(--secondary)}
blockquote p{margin:0}
details{border-bottom:1px solid var(--line);padding:.75rem 0}
summary{cursor:pointer;font-weight:600}
details>:not(summary){margin:.6rem 0 0}
.closing{border-top:1px solid var(--line);padding-top:2.25rem}
footer{border-top:1px solid var(--line);background:var(--surface);color:var(--muted);font-size:.95rem;padding:1.75rem 0}
footer p{max-width:60rem;margin:0}
.text{max-width:46rem;padding-top:2.5rem;padding-bottom:2.5rem}
.text h2{margin-top:2rem}
.text pre{overflow-x:auto;background:var(--surface);border:1px solid var(--line);border-radius:.5rem;padding:1rem}
.text table{display:block;overflow-x:auto;border-collapse:collapse}
.text th,.text td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left}
.turn{display:flex;flex-wrap:wrap;justify-content:space-between;gap:1rem;border-top:1px solid var(--line);padding-top:1.25rem;margin-top:2rem}
.turn a{min-width:0}
.questions{padding:0;list-style:none}
.questions>li{border:1px solid var(--line);border-radius:.6rem;background:var(--surface);padding:1.1rem 1.2rem;margin:0 0 1rem}
.questions h2{font-size:1.1rem;margin:0 0 .6rem}
.options{padding-left:1.6rem;margin:0}
@media(min-width:56rem){
.columns{grid-template-columns:minmax(0,1fr) 20rem}
.pair{grid-template-columns:1fr 1fr}
.card{position:sticky;top:1.5rem}
}
@media print{.hero{background:none}.card{position:static}}
`;
