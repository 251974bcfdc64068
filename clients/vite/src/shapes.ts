import type { Requests } from './protocol.js'

type Fields = Record<string, unknown>

/** What each answer is used for; a sidecar that lacks it is none. */
const SHAPES: { [M in keyof Requests]: (answer: Fields) => boolean } = {
  resolveOptimizedId: ({ state }) => typeof state === 'string',
  onFullReload: ({ reload, warm, verdicts }) => [reload, warm, verdicts].every(Array.isArray),
  onHotUpdate: ({ send }) => typeof send === 'boolean',
  admit: ({ outcome }) => typeof outcome === 'string',
  classifyError: ({ action, kind }) => typeof action === 'string' && typeof kind === 'string',
  awaitStable: ({ stable }) => typeof stable === 'boolean',
  includeInConfig: ({ config }) => config === undefined || typeof config === 'string',
  status: ({ environments, records }) => [environments, records].every(Array.isArray),
}

/** Whether a result is an answer to such a question at all. */
export function hasShape(method: keyof Requests, result: unknown): boolean {
  return typeof result === 'object' && result !== null && SHAPES[method](result as Fields)
}
