// Other middlewares in front of the guard and after it, which wrap the same methods and go by what a response says of itself.
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ResponseGuard } from './response-guard.js'
import { type Response, ask, behaviours, bytesFrom, serve, severalTurns, verdicts } from './response-guard.test-kit.js'

const WRAPPED = ['writeHead', 'write', 'end'] as const

/** Counts the calls of a response's methods, as `compression` and `on-headers` look at them. */
function wrap(response: Response, calls: string[]): void {
  for (const name of WRAPPED) {
    const original = response[name] as (...args: unknown[]) => unknown
    Object.assign(response, {
      [name](this: Response, ...args: unknown[]) {
        calls.push(name)
        return original.apply(this, args)
      },
    })
  }
}

const decided = (what: string) => verdicts[what] ?? expect.fail(`nothing ${what}`)
const passing = ['passes at once', 'passes after a while'] as const

describe.each(['in front of the guard', 'after the guard'])('another middleware %s', (place) => {
  for (const verdict of passing) {
    for (const [name, behaviour] of Object.entries(behaviours)) {
      test(`sees all of a response that ${verdict}: ${name}`, async () => {
        const seen = { bare: [] as string[], guarded: [] as string[] }
        const bare = await serve((response) => {
          wrap(response, seen.bare)
          return behaviour(response)
        })
        const guarded = await serve(
          (response) => {
            if (place === 'after the guard') wrap(response, seen.guarded)
            return behaviour(response)
          },
          {
            guardedBy: decided(verdict),
            ...(place !== 'after the guard' && { before: (response: Response) => wrap(response, seen.guarded) }),
          },
        )
        const expected = await bytesFrom(bare)
        const found = await bytesFrom(guarded)
        if (found !== expected) expect(found.slice(0, 2000)).toBe(expected.slice(0, 2000))
        expect([...new Set(seen.guarded)].toSorted()).toEqual([...new Set(seen.bare)].toSorted())
        // How often a pipe waits differs.
        if (!name.includes('back-pressure') && !name.includes('drain'))
          expect(seen.guarded.length).toBe(seen.bare.length)
      })
    }
  }
})

/** What a response says of itself, and what it throws, step by step. */
async function said(response: Response): Promise<unknown[]> {
  const hasHead = () => Boolean((response as { _header?: string })._header)
  const look = () => [response.statusCode, response.headersSent, response.writableEnded, response.finished, hasHead()]
  const thrown = (call: () => unknown) => {
    try {
      call()
      return 'nothing thrown'
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return [code, message]
    }
  }
  const seen: unknown[] = [look()]
  response.writeHead(500, { 'x-own': '1' })
  seen.push(
    look(),
    thrown(() => response.setHeader('x', '1')),
    thrown(() => response.appendHeader('x', '1')),
    thrown(() => response.removeHeader('x')),
    thrown(() => response.writeHead(200)),
  )
  response.write('one')
  seen.push(look())
  response.end('two')
  response.statusCode = 404
  seen.push(look().slice(1))
  await turn()
  seen.push(look().slice(1))
  return seen
}

test('a response that is kept back says what it says without the guard', async () => {
  const told: unknown[] = []
  const ports = [await serve(async (response) => told.push(await said(response)))]
  ports.push(
    await serve(async (response) => told.push(await said(response)), { guardedBy: decided('passes after a while') }),
  )
  for (const port of ports)
    expect(await ask(port)).toMatchObject({ status: 500, headers: { 'x-own': '1' }, text: 'onetwo' })
  expect(told[1]).toEqual(told[0])
})

test('the status is the one that it had when it was ended', async () => {
  const handle = (response: Response) => {
    response.statusCode = 500
    response.statusMessage = 'Broken'
    response.end('boom')
    // A handler that asks before it goes on, as Vite's own do.
    if (!response.writableEnded) response.end('not found')
    response.statusCode = 404
    response.statusMessage = 'Not Found'
  }
  const bare = await bytesFrom(await serve(handle))
  expect(await bytesFrom(await serve(handle, { guardedBy: decided('passes after a while') }))).toBe(bare)
})

test('another handler is told nothing of the response of the first', async () => {
  const told: boolean[] = []
  const onHead = async (guard: ResponseGuard) => {
    await severalTurns()
    guard.replace()
    const anew = guard.anew()
    told.push(anew.headersSent, anew.writableEnded)
    anew.end('again')
  }
  const port = await serve((response) => void response.writeHead(500).end('boom'), { guardedBy: { onHead } })
  expect((await ask(port)).text).toBe('again')
  expect(told).toEqual([false, false])
})
