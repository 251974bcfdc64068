import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { binary } from '../../e2e/lib/paths.mjs'

const program = fileURLToPath(new URL('ask-all.mjs', import.meta.url))

/**
 * Asks late modules on a server of their own. `modules` is their code by path, `asked` the paths in order, `include` what stock Vite
 * bundles at once before. `on` names a stack of tests/versions whose Vite it is.
 */
export async function askAll({ on, ...request }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'late-packages-'))
  const [requestFile, answerFile] = ['request', 'answer'].map((name) => path.join(folder, `${name}.json`))
  try {
    await writeFile(requestFile, JSON.stringify(request))
    const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', ...(on && { LATE_STACK: on, EVENKEEL_BINARY: binary }) }
    const child = spawn(process.execPath, [program, requestFile, answerFile], { stdio: ['ignore', 'inherit', 'inherit'], env })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`asking the modules on the side ${request.side} failed (${code})`)
    const run = JSON.parse(await readFile(answerFile, 'utf8'))
    const { unanswered } = run.answers.find(({ unanswered }) => unanswered) ?? {}
    if (unanswered) throw new Error(`a question has no answer: ${unanswered}\n${run.printed}`)
    return run
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
