// What has been seen, counted by what was asked for and by what came of it.
import { percentile } from '../../bench/lib/report.mjs'
import { judge, limits, violations } from './judge.mjs'

const kept = 8
const linesKept = 60

/** What React and the stack of an error add says nothing about when something happened. */
const tells = ({ text }) => !/^\s*at |hook call|mismatching versions|Rules of Hooks|more than one copy/.test(text)

export class Tally {
  works = {}
  outcomes = {}
  failures = []
  /** The right answer that took longest while nothing was meant to go wrong, and what was printed around it. */
  slowest = { ms: 0, what: '', log: [] }
  /** Of right answers, by what was asked for. A request in a mishap waits for a start, too, and its time is told by itself. */
  #calmTimes = {}
  #timesInMishaps = {}
  #byWhat = {}

  did(name) {
    this.works[name] = (this.works[name] ?? 0) + 1
  }

  count(what, outcome, ms, { redirects = 0, isCalm = true } = {}) {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1
    const row = (this.#byWhat[what] ??= { asked: 0, redirects: 0, outcomes: {} })
    row.asked++
    row.redirects += redirects
    row.outcomes[outcome] = (row.outcomes[outcome] ?? 0) + 1
    const times = isCalm ? this.#calmTimes : this.#timesInMishaps
    if (outcome === 'right') (times[what] ??= []).push(ms)
  }

  judged(asked, site) {
    const outcome = judge(asked, site)
    const ms = asked.until - asked.from
    const isCalm = !site.windows.covering(asked)
    this.count(asked.what, outcome, ms, { redirects: asked.redirects, isCalm })
    if (outcome === 'right' && isCalm && ms > this.slowest.ms) this.slowest = logged({ ms: Math.round(ms), what: whatOf(asked), log: [] }, site, asked)
    if (outcome === 'right' || outcome.startsWith('meant')) return
    this.#keep(outcome, whatOf(asked), site, asked)
  }

  /** Something that is no answer. */
  happened(outcome, what, site, from) {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1
    this.#keep(outcome, what, site, { from, until: performance.now() })
  }

  /** The first of each kind, with what was printed around it: told once it has been printed. */
  #keep(outcome, what, site, { from, until }) {
    if (this.failures.filter((failure) => failure.outcome === outcome).length >= kept) return
    this.failures.push(logged({ outcome, what, at: Math.round(from), log: [] }, site, { from, until }))
  }

  violated() {
    return this.#among(violations)
  }

  limited() {
    return this.#among(limits)
  }

  /** How often, as words. */
  #among(kinds) {
    return kinds.filter((kind) => this.outcomes[kind]).map((kind) => `${this.outcomes[kind]} ${kind}`)
  }

  rows() {
    const row = ([what, { asked, redirects, outcomes }]) => {
      const times = this.#calmTimes[what] ?? [0]
      const right = outcomes.right ?? 0
      const meant = sum(outcomes, (outcome) => outcome.startsWith('meant') || outcome.startsWith('given up'))
      const figures = [0.5, 0.99, 1].map((share) => Math.round(percentile(times, share)))
      const [p50, p99, slowest] = figures
      const slowestInMishap = Math.round(percentile(this.#timesInMishaps[what] ?? [0], 1))
      return [what, { asked, right, meant, failed: asked - right - meant, redirects, p50, p99, slowest, slowestInMishap }]
    }
    return Object.fromEntries(Object.entries(this.#byWhat).map(row))
  }
}

/** The beginning of an answer, in one line. */
export const excerpt = (text) => text.replace(/\s+/g, ' ').slice(0, 400)

/** The beginning and the end of a long list. */
const ends = (all, count) => (all.length <= count ? all : [...all.slice(0, count / 2), ...all.slice(-count / 2)])

const sum = (counts, which) => Object.entries(counts).reduce((total, [name, count]) => total + (which(name) ? count : 0), 0)

function whatOf({ method = 'GET', path, status, text, redirects, until, from }) {
  return `${method} ${path}: ${status} after ${redirects} redirects, ${Math.round(until - from)} ms: ${excerpt(text)}`
}

/** What was printed meanwhile is added once it has been printed. */
function logged(told, site, { from, until }) {
  setTimeout(() => {
    const entries = site.diary.around({ from, until }).filter(tells)
    told.log = ends(entries, linesKept).map(({ at, text }) => `${Math.round(at - from)} ms ${text.trim().slice(0, 300)}`)
  }, 1_000)
  return told
}
