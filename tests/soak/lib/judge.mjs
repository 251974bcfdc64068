// What an answer was worth.

/** Outcomes that no guarded run may have. */
export const violations = [
  'wrong body',
  'hung',
  're-optimization',
  'unexplained',
  'crash',
  'orphan',
  'not back',
  'restart failed',
  'never shown',
]

/**
 * What the README names as limits: a response that is on its way cannot be taken back, and a handler that acted and then failed is
 * run again. They are told, and do not count as violations.
 */
export const limits = ['stream cut', 'ran twice']

/** What Vite says when modules of two optimizer runs meet. */
const outdated = /new version of the pre-bundle|in the optimize deps directory|happened while optimizing/

/** What workerd says when a module of the app cannot be imported, because it does not compile, is gone, or imports what is not there. */
export const brokeConnection = /Uncaught exception: workerd.*(?:Transform failed|Failed to load url|Cannot find module)/

/** An answer whose head is out has no other way to fail. Vite may still put its error page after what was sent. */
function isCut({ status, text, firstChunk }) {
  if (status === 0 && text.startsWith('terminated')) return true
  return firstChunk !== undefined && /^\s*(<!DOCTYPE html>.*<title>Error<\/title>|$)/s.test(text.replace(firstChunk, ''))
}

/**
 * `asked` is what a client wanted and what it got: `right` tells whether that was right at its time, `excuse` why it was meant
 * to fail. The site knows what else went on.
 */
export function judge(asked, { windows, diary }) {
  // Whatever goes on, nobody is kept waiting for ever.
  if (asked.hung) return 'hung'
  if (asked.right(asked)) return 'right'
  const meant = asked.excuse?.(asked)
  if (meant) return `meant: ${meant}`
  const trouble = windows.covering(asked)
  const cut = isCut(asked)
  if (asked.status === 200 && !cut) return 'wrong body'
  if (trouble) return `meant: ${trouble}`
  if (cut) return 'stream cut'
  if (diary.reoptimized(asked) || outdated.test(asked.text)) return 're-optimization'
  if (diary.reloaded(asked)) return 'reload of a save'
  if (asked.text.includes('ECONNREFUSED') && diary.restarted(asked)) return 'meant: Vite restarts'
  // The answer to a HEAD does not tell.
  const fetchFailed = asked.method === 'HEAD' ? diary.fetchFailed(asked) : asked.text.includes('fetch failed')
  if (fetchFailed && diary.brokeConnection(asked)) return 'meant: workerd closes the connection of a request that meets a broken module'
  // A run that reloaded nothing has nothing to do with what a save has reloaded.
  return diary.optimized(asked) ? 're-optimization' : 'unexplained'
}
