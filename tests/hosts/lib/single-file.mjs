/**
 * As `draft` of tests/e2e/lib/drafts.mjs, for components with a script and a template in one file: a page with a number, and with what the
 * given spare dependencies say.
 */
export const draftIn = (script, templateOf) => (number, deps = []) => {
  const main = ['<main>', `  <h1>draft ${number}</h1>`, ...deps.map(({ content }) => `  <div>${content}</div>`), '</main>']
  const imports = deps.flatMap(({ imports, setup }) => [imports, setup]).filter(Boolean)
  const lines = [script, ...imports, '</script>', '', ...templateOf(main)]
  return { source: `${lines.join('\n')}\n`, expects: [`<h1>draft ${number}</h1>`, ...deps.map(({ expect }) => expect)] }
}
