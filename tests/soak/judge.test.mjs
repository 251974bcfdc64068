// The soak's own judgement: one that excuses too much would see nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokeConnection, judge } from './lib/judge.mjs'
import { Slot } from './lib/slots.mjs'
import { Tally } from './lib/tally.mjs'
import { Windows } from './lib/windows.mjs'

const calm = { windows: new Windows(), diary: { reoptimized: () => false, optimized: () => false, reloaded: () => false, brokeConnection: () => false, fetchFailed: () => false, restarted: () => false } }
const asked = (slot, more) => ({
  method: 'GET',
  status: 200,
  text: '',
  hung: false,
  right: ({ status, text, ...span }) => status === 200 && slot.bodies(span).includes(text),
  excuse: slot.excuseOf,
  ...more,
})

/** Saved at 0 and shown at 10, saved again at 100. */
function savedTwice() {
  const slot = new Slot(3)
  slot.saving([], 0)
  slot.confirmed(10)
  const before = slot.newestBody()
  slot.saving([], 100)
  return { slot, before, after: slot.newestBody() }
}

test('the version before is right until the newest has been shown, and then no more', () => {
  const { slot, before, after } = savedTwice()
  const outcome = (text, from) => judge(asked(slot, { text, from, until: from + 50 }), calm)
  assert.equal(outcome(after, 20), 'wrong body', 'nobody sees what will be saved')
  assert.equal(outcome(before, 120), 'right')
  assert.equal(outcome(after, 120), 'right')
  slot.confirmed(150)
  assert.equal(outcome(before, 140), 'right', 'asked before it was shown')
  assert.equal(outcome(before, 160), 'wrong body')
  assert.equal(outcome(after, 160), 'right')
})

test('a page that was broken may fail until it is shown again, and only this page', () => {
  const { slot } = savedTwice()
  slot.breaking('it does not compile', 200)
  const failed = { status: 500, from: 210, until: 220 }
  assert.equal(judge(asked(slot, failed), calm), 'meant: it does not compile')
  assert.equal(judge(asked(savedTwice().slot, failed), calm), 'unexplained')
  slot.confirmed(300)
  assert.equal(judge(asked(slot, { ...failed, from: 310, until: 320 }), calm), 'unexplained')
})

test('a restart excuses a failure, but neither a wrong body nor a request that hangs', () => {
  const { slot } = savedTwice()
  const windows = new Windows()
  const close = windows.open('Vite restarts')
  const now = performance.now()
  const during = (more) => judge(asked(slot, { from: now, until: now + 1, ...more }), { ...calm, windows })
  assert.equal(during({ status: 500 }), 'meant: Vite restarts')
  assert.equal(during({ text: 'something else' }), 'wrong body')
  assert.equal(during({ status: 0, hung: true }), 'hung')
  close()
  assert.equal(during({ status: 500, from: Infinity, until: Infinity }), 'unexplained')
})

test('what failed beside an optimizer run failed because of it', () => {
  const { slot } = savedTwice()
  const failed = asked(slot, { status: 500, from: 20, until: 30 })
  const outcome = (...happened) => judge(failed, { ...calm, diary: { ...calm.diary, ...Object.fromEntries(happened.map((what) => [what, () => true])) } })
  assert.equal(outcome('reoptimized', 'optimized', 'reloaded'), 're-optimization')
  assert.equal(outcome('optimized', 'reloaded'), 'reload of a save', 'what is only added reloads nothing')
  assert.equal(outcome('optimized'), 're-optimization', 'and has to be harmless')
  assert.equal(outcome('reloaded'), 'reload of a save')
  const outdated = { ...failed, text: 'There is a new version of the pre-bundle for "x"' }
  assert.equal(judge(outdated, calm), 're-optimization')
})

test('workerd tells of each kind of broken module that a save can make', () => {
  const uncaught = 'Uncaught exception: workerd/jsg/value.h:1494: failed: remote.jsg.Error: '
  for (const error of ['Transform failed with 1 error', 'Failed to load url /src/pages/slot-1.tsx', "Cannot find module 'soak-late-1'"])
    assert.match(uncaught + error, brokeConnection)
  assert.doesNotMatch(`${uncaught}There is a new version of the pre-bundle`, brokeConnection)
})

test('what broke because workerd met a broken module elsewhere is not the page of the request', () => {
  const { slot } = savedTwice()
  const failed = asked(slot, { status: 500, text: 'TypeError: fetch failed', from: 20, until: 30 })
  const beside = { ...calm, diary: { ...calm.diary, brokeConnection: () => true } }
  assert.match(judge(failed, beside), /^meant: workerd closes the connection/)
  assert.equal(judge(failed, calm), 'unexplained')
  assert.equal(judge({ ...failed, text: 'something else' }, beside), 'unexplained')
  const headless = { ...failed, method: 'HEAD', text: '' }
  assert.equal(judge(headless, beside), 'unexplained')
  const printed = { ...beside, diary: { ...beside.diary, fetchFailed: () => true } }
  assert.match(judge(headless, printed), /^meant: workerd closes the connection/)
})

test('a port that Vite closes because it restarts once more is not a failure, and anything else is', () => {
  const { slot } = savedTwice()
  const refused = asked(slot, { status: 0, text: 'fetch failed: connect ECONNREFUSED 127.0.0.1:5173', from: 20, until: 30 })
  const restarting = { ...calm, diary: { ...calm.diary, restarted: () => true } }
  assert.equal(judge(refused, restarting), 'meant: Vite restarts')
  assert.equal(judge(refused, calm), 'unexplained')
  assert.equal(judge({ ...refused, text: 'something else' }, restarting), 'unexplained')
})

test('a stream that ends after its first chunk is cut', () => {
  const { slot } = savedTwice()
  assert.equal(judge(asked(slot, { text: '<!-- -->', firstChunk: '<!-- -->', from: 20, until: 30 }), calm), 'stream cut')
  const page = '<!-- -->\n <!DOCTYPE html><html><head><title>Error</title>'
  assert.equal(judge(asked(slot, { text: page, firstChunk: '<!-- -->', from: 20, until: 30 }), calm), 'stream cut')
  assert.equal(judge(asked(slot, { text: '<!-- --><main>', firstChunk: '<!-- -->', from: 20, until: 30 }), calm), 'wrong body')
  assert.equal(judge(asked(slot, { status: 0, text: 'terminated: ', from: 20, until: 30 }), calm), 'stream cut')
})

test('who waits through a mishap is told by itself', () => {
  const site = { ...calm, windows: new Windows(), diary: { ...calm.diary, around: () => [] } }
  const tally = new Tally()
  const right = (from, until) => tally.judged({ what: 'GET page', method: 'GET', path: '/', status: 200, text: '', redirects: 0, right: () => true, from, until }, site)
  const at = performance.now()
  right(at - 3_000, at - 2_000)
  site.windows.open('Vite restarts')
  right(at - 9_000, at + 1_000)
  const { p99, slowest, slowestInMishap } = tally.rows()['GET page']
  assert.deepEqual({ p99, slowest, slowestInMishap }, { p99: 1_000, slowest: 1_000, slowestInMishap: 10_000 })
  assert.equal(tally.slowest.ms, 1_000)
})
