// Those who work on the app: each of them saves pages of their own, one after the other.
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ask, pageOf } from './clients.mjs'
import { excerpt } from './tally.mjs'

/** A save that is not shown by then never will be. */
const shownWithinMs = 30_000

export function startHands(site, random, count = 2) {
  return Array.from({ length: count }, (_, number) => {
    const slots = site.slots.filter((slot) => slot.number % count === number)
    return hand(site, random.beside(1_000 + number), slots)
  })
}

async function hand(site, random, slots) {
  while (!site.ending) {
    await pause(random.between(500, 2_000))
    const slot = random.of(slots)
    const work = random.weighted(slot.isHome ? soundWorks : works)
    site.diary.note(`[soak] ${work.name}: ${slot.file}`)
    await work(site, slot, random)
    await untilShown(site, slot)
    site.tally.did(work.name)
  }
}

/** As an editor does: the page keeps the newest of its packages, and imports those that are given. */
async function save(site, slot, packages = []) {
  const text = slot.saving([...slot.packages.slice(-1), ...packages].slice(-2), performance.now())
  await site.write(slot.file, text)
}

async function newPackage(site) {
  const added = site.packages.name()
  await site.packages.install(added)
  return added
}

const works = [
  [5, async function saveWithLateDependency(site, slot) {
    await save(site, slot, [await newPackage(site)])
  }],
  [3, async function plainSave(site, slot) {
    await save(site, slot)
  }],
  [1, async function brokenSave(site, slot, random) {
    slot.breaking('it does not compile', performance.now())
    await site.write(slot.file, 'export default function (')
    await pause(random.between(300, 1_500))
    await save(site, slot)
  }],
  [1, async function deletedFile(site, slot, random) {
    slot.breaking('its file is deleted', performance.now())
    await rm(path.join(site.root, slot.file))
    await pause(random.between(300, 1_500))
    await save(site, slot)
  }],
  // Vite's resolver remembers what it did not find until the next restart: installing it now would help nobody.
  [1, async function missingPackage(site, slot, random) {
    const { packages } = slot
    slot.breaking('its package is missing', performance.now())
    await save(site, slot, [site.packages.name()])
    await pause(random.between(300, 1_500))
    slot.packages = packages
    await save(site, slot)
  }],
]

/** What the entry imports statically fails all pages when it fails. */
const soundWorks = works.slice(0, 2)

async function untilShown(site, slot) {
  const from = performance.now()
  const expected = slot.newestBody()
  for (;;) {
    const asked = await ask(site, pageOf(slot, { what: 'GET saved page' }))
    if (asked.text === expected) return slot.confirmed(performance.now())
    if (site.ending) return
    if (performance.now() - from > shownWithinMs) {
      const what = `${slot.file} version ${slot.version}, but: ${asked.status} ${excerpt(asked.text)}`
      return site.tally.happened('never shown', what, site, from)
    }
    await pause(100)
  }
}
