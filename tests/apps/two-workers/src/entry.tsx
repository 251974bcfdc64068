import { base, pathOf } from '../../routes/base'
import type { Env } from '../../routes/route'
import { answer } from './answer'

const prefix = '/aux'

interface EntryEnv extends Env {
  AUXILIARY: { fetch(request: Request): Promise<Response> }
}

export default {
  /** Everything below `/aux` is the auxiliary worker's to answer; no browser reaches it but through this binding. */
  fetch(request: Request, env: EntryEnv) {
    const path = pathOf(request)
    if (!path.startsWith(`${prefix}/`)) return answer(request, env)
    const url = new URL(request.url)
    url.pathname = base + path.slice(prefix.length)
    return env.AUXILIARY.fetch(new Request(url, request))
  },
}
