// The rows of identity as questions, and what they answer.

/** All first modules, then all second ones, and so on; in the end, what has run. */
export function request(side, here) {
  const modules = {}
  const steps = []
  for (const [nth, row] of here.entries()) {
    for (const [step, code] of row.modules.entries()) {
      modules[pathOf(nth, step)] = code
      ;(steps[step] ??= []).push(pathOf(nth, step))
    }
  }
  const runs = '/identity/runs.mjs'
  modules[runs] = 'export const answer = () => globalThis.fixtureRuns'
  return { side, modules, asked: [...steps.flat(), runs] }
}

const pathOf = (nth, step) => `/identity/${nth}/${step}.mjs`

export function dependenciesOf(here) {
  const code = here.flatMap(({ modules }) => modules).join('\n')
  const imported = [...code.matchAll(/\b(?:from|import|import\() ?'(?!\.|node:)([^']+)'/g)].map(([, id]) => id)
  return [...new Set(imported)]
}

export const expected = (here) => Object.fromEntries(here.map(({ what, expects }) => [what, { answer: expects }]))

/** What each row's last module answered. */
export function answersOf({ answers }, here) {
  const entries = here.map(({ what, modules }, nth) => {
    const { answer, unanswered, error = unanswered } = answers.find(({ module }) => module === pathOf(nth, modules.length - 1))
    return [what, error ? { error } : { answer }]
  })
  return Object.fromEntries(entries)
}
